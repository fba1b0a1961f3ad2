import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../../src/contract/migration.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { taskHasSpec, type ServiceDoc, type ServiceSpec, type Swarm, type TaskDoc } from "../../src/engine/swarm.ts";

const TICK_MS = 200;

/** A service whose tasks all run with its current spec. */
export type RolledOut = { readonly doc: ServiceDoc; readonly tasks: readonly TaskDoc[] };

/**
 * Waits until every task of a service has its current spec and runs (with a health check: is healthy), and the swarm's
 * monitoring time is over. Throws `unhealthy` as soon as one fails, if the swarm pauses the update or rolls it back
 * (the spec is not as `wanted`), and if no further task has started for `idleMs` plus the delays of the service's
 * update settings.
 */
export async function rolledOut(
  swarm: Swarm,
  id: string,
  wanted: (spec: ServiceSpec) => boolean,
  idleMs: number,
  work: Pick<Work, "signal" | "quote" | "phase">,
): Promise<RolledOut> {
  let seen = "";
  let most = 0;
  let since = Date.now();
  for (;;) {
    work.signal.throwIfAborted();
    const [doc, all] = [await swarm.service(id), await swarm.tasks(id)];
    if (doc === null) throw new UnsprawlError("changed", "the service is gone", "docker service ls shows what is left");
    const failure = failureOf(doc, all, wanted);
    if (failure !== null)
      throw new UnsprawlError(
        "unhealthy",
        `the tasks of ${doc.Spec.Name} did not come up: ${await work.quote(failure)}`,
        cmd`docker service ps --no-trunc ${doc.Spec.Name}`,
      );
    const { Spec } = doc;
    const state = doc.UpdateStatus?.State ?? "";
    const live = all.filter(({ DesiredState }) => DesiredState === "running" || DesiredState === "ready");
    const up = live.filter((task) => taskHasSpec(task, Spec) && task.Status.State === "running");
    const replicas = replicasOf(Spec);
    if (!/^(updating|rollback_started)$/.test(state) && up.length === live.length && up.length >= replicas)
      return { doc, tasks: up };

    // Tasks that start and fail are no progress.
    if (state !== seen || up.length > most) since = Date.now();
    [seen, most] = [state, Math.max(most, up.length)];
    const limitMs = idleMs + ownPauses(doc);
    const wantedTasks = Math.max(live.length, replicas);
    work.phase(`waiting for the tasks of ${Spec.Name}, ${up.length} of ${wantedTasks} run`, limitMs);
    if (Date.now() - since > limitMs)
      throw new UnsprawlError(
        "unhealthy",
        `${up.length} of ${wantedTasks} tasks of ${Spec.Name} run after ${Math.round((Date.now() - since) / 1000)} s`,
        cmd`docker service ps --no-trunc ${Spec.Name}; raise --health-timeout if it needs longer`,
      );
    await sleep(TICK_MS, undefined, { signal: work.signal });
  }
}

/** Why a rollout has failed, in the swarm's words; null if it has not. */
function failureOf(
  { Spec, UpdateStatus: status }: ServiceDoc,
  tasks: readonly TaskDoc[],
  wanted: (spec: ServiceSpec) => boolean,
): string | null {
  // Tasks with the same spec that failed long ago do not belong to this rollout.
  const started = Date.parse(status?.StartedAt ?? "");
  const fresh = tasks.filter((task) => taskHasSpec(task, Spec) && Date.parse(task.CreatedAt ?? "") >= started);
  // A task that ended well does not serve: an unhealthy task that obeys its stop signal is `complete`, and the swarm
  // takes such an update for completed.
  const failed = fresh.find(({ Status: { State } }) => ["failed", "rejected", "complete"].includes(State));
  if (failed) return failed.Status.Err || failed.Status.State;
  const state = status?.State ?? "";
  return state.endsWith("paused") || !wanted(Spec) ? (status?.Message ?? state) : null;
}

const replicasOf = ({ Mode }: ServiceSpec): number =>
  (Mode as { Replicated?: { Replicas?: number } } | undefined)?.Replicated?.Replicas ?? 0;

/** Delays that the service's settings ask for, in milliseconds: the engine counts nanoseconds. */
function ownPauses({ Spec, PreviousSpec }: ServiceDoc): number {
  const update = (Spec["UpdateConfig"] ?? {}) as { Monitor?: number; Delay?: number };
  const restart = (Spec.TaskTemplate["RestartPolicy"] ?? {}) as { Delay?: number };
  const stop = [Spec, PreviousSpec].map((spec) =>
    Number(spec?.TaskTemplate.ContainerSpec?.["StopGracePeriod"] ?? 1e10),
  );
  return ((update.Monitor ?? 5e9) + (update.Delay ?? 0) + (restart.Delay ?? 5e9) + Math.max(...stop)) / 1e6;
}
