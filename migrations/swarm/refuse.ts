import type { ServiceDoc } from "../../src/engine/swarm.ts";
import { platformRefusal, SERVICE_LABEL, type Labels } from "../../src/engine/platforms.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { nameMayHoldSecret, type Finding } from "../../src/model/finding.ts";
import { fieldRole } from "../../src/model/place.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding cannot be moved by updating its service; null if it can. */
export function refusal(
  { name, location, part }: Finding,
  doc: ServiceDoc | null,
  accept: ReadonlySet<string>,
): Refusal | null {
  const { subject, subjectName, where, path } = location;
  const role = fieldRole(location.place);
  if (subject !== "service")
    return {
      reason: "is in a Swarm config, whose text every manager shows",
      hint: "store it with docker secret create NAME FILE, and mount that instead",
    };
  if (role === "previous-spec")
    return {
      reason: "is in the service's previous spec, which the swarm keeps for a rollback",
      hint: cmd`docker service update ${subjectName} makes the current spec the previous one too`,
    };
  if (role === "old-task")
    return { reason: "is in the spec of an old task, which the swarm remembers", hint: forgetTasks(subjectName, null) };
  if (where !== "env")
    return {
      reason: `is in ${path}, not in a variable`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  if (nameMayHoldSecret({ name, part }))
    return {
      reason: "its variable's name holds a secret, or may",
      hint: "docker service update --env-rm NAME --env-add NAME=VALUE, then scan again",
    };
  if (doc === null) return { reason: "its service is gone", hint: "unsprawl scan again" };
  const mode = Object.keys(doc.Spec.Mode ?? {})[0] ?? "";
  if (mode.endsWith("Job"))
    return {
      reason: "its service is a job, which an update would run again",
      hint: "create the job with a Swarm secret in place of the variable",
    };
  const platform = platformRefusal("service", serviceLabels(doc), accept);
  if (platform !== null) return platform;
  const stack = doc.Spec.Labels?.["com.docker.stack.namespace"];
  if (stack !== undefined && !accept.has("stack"))
    return {
      reason: `its service belongs to the stack ${stack}: the next \`docker stack deploy\` would bring the value back from the stack's file`,
      hint: cmd`unsprawl migrate compose:FILE --to STORE, then docker stack deploy -c FILE ${stack}; or --accept stack moves the service alone: take the variable out of the file afterwards`,
    };
  return null;
}

/** The labels by which a platform's service is known. */
export function serviceLabels({ Spec }: ServiceDoc): Labels {
  return { ...Spec.Labels, [SERVICE_LABEL]: Spec.Name };
}

/** The commands that make the swarm forget a service's old tasks; `limit` is how many it remembers now. */
export function forgetTasks(service: string, limit: number | null): string {
  const back = limit === null ? "" : cmd`, then docker swarm update --task-history-limit ${limit} again`;
  return cmd`docker swarm update --task-history-limit 0 && docker service update --force ${service}${bare(back)}`;
}
