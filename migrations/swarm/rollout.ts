import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../../src/contract/migration.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { taskHasSpec, type ServiceDoc, type ServiceSpec, type Swarm, type TaskDoc } from "../../src/engine/swarm.ts";

const TICK_MS = 200;

/** A service whose tasks all run with its present spec. */
export type RolledOut = { readonly doc: ServiceDoc; readonly tasks: readonly TaskDoc[] };

/**
 * Waits until every task of a service is of its present spec, runs (a task with a health check runs once that is
 * healthy) and the swarm has seen enough of it. Throws `unhealthy` as soon as one fails, when the swarm pauses the update or
 * takes it back (the spec is not as `wanted`), and when no further task has come up for `idleMs` and what the service's own update settings add to it.
 */
export async function rolledOut(
  swarm: Swarm,
  id: string,
  wanted: (spec: ServiceSpec) => boolean,
  idleMs: number,
  work: Pick<Work, "signal" | "redact">,
): Promise<RolledOut> {
  let seen = "";
  let most = 0;
  let since = Date.now();
  for (;;) {
    work.signal.throwIfAborted();
    const [doc, all] = [await swarm.service(id), await swarm.tasks(id)];
    if (doc === null) throw new UnsprawlError("changed", "the service is gone", "docker service ls shows what is left");
    const { Spec, UpdateStatus: status } = doc;
    // Tasks that failed with the same spec long ago are none of this rollout's.
    const started = Date.parse(status?.StartedAt ?? "");
    const fresh = all.filter((task) => taskHasSpec(task, Spec) && Date.parse(task.CreatedAt ?? "") >= started);
    // One that ends well is none that serves: an unhealthy task that obeys its stop signal is `complete`, and the swarm
    // takes such an update for completed.
    const failed = fresh.find(({ Status: { State } }) => ["failed", "rejected", "complete"].includes(State));
    const state = status?.State ?? "";
    if (state.endsWith("paused") || failed || !wanted(Spec))
      throw new UnsprawlError(
        "unhealthy",
        `the tasks of ${Spec.Name} did not come up: ${work.redact(failed ? failed.Status.Err || failed.Status.State : (status?.Message ?? state))}`,
        cmd`docker service ps --no-trunc ${Spec.Name}`,
      );
    const live = all.filter(({ DesiredState }) => DesiredState === "running" || DesiredState === "ready");
    const up = live.filter((task) => taskHasSpec(task, Spec) && task.Status.State === "running");
    const replicas = (Spec.Mode as { Replicated?: { Replicas?: number } } | undefined)?.Replicated?.Replicas ?? 0;
    if (!/^(updating|rollback_started)$/.test(state) && up.length === live.length && up.length >= replicas)
      return { doc, tasks: up };

    // Tasks that come and go are no progress.
    if (state !== seen || up.length > most) since = Date.now();
    [seen, most] = [state, Math.max(most, up.length)];
    if (Date.now() - since > idleMs + ownPauses(doc))
      throw new UnsprawlError(
        "unhealthy",
        `${up.length} of ${Math.max(live.length, replicas)} tasks of ${Spec.Name} run after ${Math.round((Date.now() - since) / 1000)} s`,
        cmd`docker service ps --no-trunc ${Spec.Name}; raise --health-timeout if it needs longer`,
      );
    await sleep(TICK_MS, undefined, { signal: work.signal });
  }
}

/** Times for which nothing moves because the service says so, in milliseconds: the engine counts nanoseconds. */
function ownPauses({ Spec, PreviousSpec }: ServiceDoc): number {
  const update = (Spec["UpdateConfig"] ?? {}) as { Monitor?: number; Delay?: number };
  const restart = (Spec.TaskTemplate["RestartPolicy"] ?? {}) as { Delay?: number };
  const stop = [Spec, PreviousSpec].map((spec) =>
    Number(spec?.TaskTemplate.ContainerSpec?.["StopGracePeriod"] ?? 1e10),
  );
  return ((update.Monitor ?? 5e9) + (update.Delay ?? 0) + (restart.Delay ?? 5e9) + Math.max(...stop)) / 1e6;
}
