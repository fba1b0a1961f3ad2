import * as v from "valibot";
import type { Work } from "../../../src/contract/migration.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { LOOPING, type Looping } from "../../../src/engine/recreate/looping.ts";
import type { StateBefore } from "../../../src/engine/recreate/verification.ts";
import { isRunning } from "../../../src/engine/recreate/swap-parts.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";
import { parseRecord, recordedByName } from "../../../src/kit/recorded.ts";
import type { Step } from "../../../src/model/plan.ts";
import { COMPOSE_CHANGE, type ComposeChange } from "../delivery/change.ts";
import { containersOf } from "../find.ts";
import { serviceOf, targetOf } from "../steps.ts";
import type { ContainerFrame } from "./frame.ts";
import { startCompared, type ComparedService } from "./start.ts";

/** The state of a service before the first effect; contains no value. */
export type ServiceSnapshot = {
  readonly running: boolean;
  /** Its health check failed. Absent in runs of older versions. */
  readonly unhealthy?: boolean;
  /** It kept restarting. Absent for others. */
  readonly looping?: Looping;
  readonly copies: number;
  readonly change: ComposeChange;
  /** By replica number; absent in runs of older versions. */
  readonly frames?: { readonly [number: string]: ContainerFrame };
};

const SNAPSHOT: v.GenericSchema<unknown, ServiceSnapshot> = v.object({
  running: v.boolean(),
  unhealthy: v.exactOptional(v.boolean()),
  looping: v.exactOptional(LOOPING),
  copies: v.number(),
  change: COMPOSE_CHANGE,
  frames: v.exactOptional(recordedByName(recordedByName(v.array(v.string())))),
});

/** Null before the first effect on a service. */
export function beforeOf({ id }: Pick<Step, "id">, { record }: Pick<Work, "record">): ServiceSnapshot | null {
  return parseRecord(record, `${id}/before`, SNAPSHOT);
}

/** How a service was before the recreate step of this id. */
export function stateBefore(id: string, record: Work["record"]): StateBefore {
  const { running, unhealthy, looping } = beforeOf({ id }, { record }) ?? {};
  return { running: running === true, unhealthy: unhealthy === true, looping: looping ?? null };
}

/** Whether nobody could wait until a service is healthy or done. */
export const wasSick = (before: ServiceSnapshot | null): boolean =>
  before?.unhealthy === true || before?.looping !== undefined;

/** As the plan saw it, or as it was before the first effect. */
export function wasRunning(step: Step, work: Work): boolean {
  return (step.kind === "recreate" && step.outage?.isRunning === true) || beforeOf(step, work)?.running === true;
}

/** Starts what an engine's crash has stopped, of services that ran when the plan was made. */
export async function startStopped(
  engine: Engine,
  steps: readonly Step[],
  rewrite: Rewrite,
  work: Work,
): Promise<void> {
  const stopped: ComparedService[] = [];
  for (const step of steps) {
    if (step.kind !== "recreate" || !wasRunning(step, work)) continue;
    const docs = await containersOf(engine, targetOf(rewrite), serviceOf(step));
    if (!docs.some(isRunning)) stopped.push({ service: serviceOf(step), docs, wasSick: wasSick(beforeOf(step, work)) });
  }
  await startCompared(engine, stopped, work);
}

/** In what a service's containers are not as they were. */
export async function lacksOf(engine: Engine, step: Step, rewrite: Rewrite, work: Work): Promise<readonly string[]> {
  if (step.kind !== "recreate") return [];
  const docs = await containersOf(engine, targetOf(rewrite), serviceOf(step));
  const copies = beforeOf(step, work)?.copies ?? 1;
  if (docs.length < copies)
    return [`${docs.length} of ${copies} ${copies === 1 ? "container" : "containers"} of ${serviceOf(step)} exist`];
  return wasRunning(step, work) && !docs.some(isRunning) ? [`${serviceOf(step)} does not stay up`] : [];
}
