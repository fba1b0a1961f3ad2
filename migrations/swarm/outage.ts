import { outageOf } from "../../src/engine/outage.ts";
import type { ServiceDoc, TaskDoc } from "../../src/engine/swarm.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import type { RecreateStep } from "../../src/model/plan.ts";

/** What swarmkit does where the spec says nothing (docker/swarmkit api/defaults/service.go); times in nanoseconds. */
const UPDATE = { Parallelism: 1, Delay: 0, Monitor: 5e9, Order: "stop-first" } as const;
const STOP_NS = 10e9;

/**
 * What an update of a service does to its tasks, as its spec says: how many are away at once, for how long at most, and
 * which published ports close meanwhile. `container` is one of its tasks.
 */
export function serviceOutage(
  { Spec }: Pick<ServiceDoc, "Spec">,
  all: readonly Pick<TaskDoc, "DesiredState">[],
  container: ContainerDoc,
  limits: { readonly graceMs: number; readonly healthTimeoutMs: number },
): NonNullable<RecreateStep["outage"]> {
  const given = Spec["UpdateConfig"] as Partial<typeof UPDATE> | null | undefined;
  // Zero as a number of tasks is "all", and the engine leaves it out of its answer.
  const parallel = given ? (given.Parallelism ?? 0) : UPDATE.Parallelism;
  const isStartFirst = (given?.Order as string | undefined) === "start-first";
  const tasks = all.filter(({ DesiredState }) => DesiredState === "running").length;
  const atOnce = parallel === 0 ? tasks : Math.min(parallel, tasks);
  const published = (Spec["EndpointSpec"] as { Ports?: readonly PublishedPort[] | null } | undefined)?.Ports ?? [];
  // The swarm's own ports lead to the tasks that are left, those of a host to its task alone.
  const closing = published.filter(({ PublishMode }) => PublishMode === "host" || atOnce === tasks);
  const ports = closing.map(({ PublishedPort, TargetPort }) => String(PublishedPort ?? TargetPort));
  const stop = Spec.TaskTemplate.ContainerSpec?.["StopGracePeriod"];
  return {
    isRunning: tasks > 0,
    stopMs: inMs(typeof stop === "number" ? stop : STOP_NS),
    startMs: limits.healthTimeoutMs,
    isChecked: outageOf(container, limits).isChecked,
    ports: isStartFirst ? [] : [...new Set(ports)].sort(),
    update: {
      order: isStartFirst ? "start-first" : "stop-first",
      tasks,
      atOnce,
      delayMs: inMs(given?.Delay ?? UPDATE.Delay),
      monitorMs: inMs(given?.Monitor ?? UPDATE.Monitor),
    },
  };
}

type PublishedPort = {
  readonly PublishedPort?: number;
  readonly TargetPort?: number;
  readonly PublishMode?: string;
};

const inMs = (nanoseconds: number): number => Math.round(nanoseconds / 1e6);
