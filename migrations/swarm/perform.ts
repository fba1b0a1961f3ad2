import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { Delivery, DeliverySubject, Owner, RunChange } from "../../src/contract/delivery.ts";
import type { Work } from "../../src/contract/migration.ts";
import { deliveryNamed } from "../../src/engine/choose.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Sight } from "../../src/engine/sight.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import { readFacts, unreachableWithoutPlugin, type Facts } from "../../src/engine/facts.ts";
import { mustShowNoValue, recordProof, verifyContainer, type ContainerProof } from "../../src/engine/recreate/prove.ts";
import { recreateStepOf } from "../../src/engine/recreate/steps.ts";
import { recordHolders } from "../../src/engine/recreate/receive.ts";
import { rolledOut } from "./rollout.ts";
import {
  taskHasSpec,
  specDigest,
  type ServiceDoc,
  type ServiceSpec,
  type Swarm,
  type TaskDoc,
} from "../../src/engine/swarm.ts";
import { distinctName } from "../../src/kit/io/name.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { valuesByName, type StepOf } from "../../src/model/plan.ts";
import {
  createObjects,
  discardObjects,
  plannedObjects,
  PLANNED_OBJECT,
  mountedObjects,
  type PlannedObject,
} from "./objects.ts";
import { isRewritten, restoredSpec, rewrittenSpec, wayBack, type WayBack } from "./spec.ts";
import { stepId } from "../../src/model/step-id.ts";
import { OWNER, RUN_CHANGE } from "../../src/files/delivered.ts";
import { parseRecord, recordedByName } from "../../src/kit/recorded.ts";

export type SwarmApplyInput = {
  readonly engine: Engine;
  readonly swarm: Swarm;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly sight: Sight;
};

/** A service with the container of one of its running tasks on this node, for facts that only a container shows. */
export type SwarmService = { readonly doc: ServiceDoc; readonly facts: Facts; readonly subject: DeliverySubject };

const MOST_TRIES = 20;

/** What was decided when the values were delivered: none of it may change until the run is over. */
type Decided = { readonly change: RunChange; readonly owner: Owner | null; readonly objects: readonly PlannedObject[] };

const DECIDED: v.GenericSchema<unknown, Decided> = v.object({
  change: RUN_CHANGE,
  owner: v.nullable(OWNER),
  objects: v.array(PLANNED_OBJECT),
});

/** Throws `refused` if no task of the service's current spec runs on this node. */
export async function runningService(
  { engine, swarm }: SwarmApplyInput,
  id: string,
  runId: string,
): Promise<SwarmService> {
  const doc = await swarm.service(id);
  if (doc === null) throw new UnsprawlError("changed", "the service of the plan is gone", "unsprawl plan again");
  const { Name } = doc.Spec;
  const [task] = await onThisNode(
    engine,
    (await swarm.tasks(id)).filter((one) => taskHasSpec(one, doc.Spec)),
  );
  if (task === undefined)
    throw new UnsprawlError(
      "refused",
      `no task of ${Name} runs on this node, so its image cannot be inspected and nothing can be verified`,
      cmd`docker service ps ${Name} shows where one runs: run unsprawl there (on a manager), or docker service scale ${Name}=1`,
    );
  const found = await readFacts(engine, task, runId);
  const { Secrets, Configs } = doc.Spec.TaskTemplate.ContainerSpec ?? {};
  const targets = [...(Secrets ?? []), ...(Configs ?? [])].flatMap(({ File }) =>
    // A name without a folder is mounted in Swarm's folder for secrets.
    File ? [File.Name.startsWith("/") ? File.Name : `/run/secrets/${File.Name}`] : [],
  );
  const subject = {
    ...found.subject,
    id: idOf(Name, id, runId),
    consumer: `swarm:${Name}`,
    mountTargets: [...found.subject.mountTargets, ...targets],
    unreachableHost: unreachableWithoutPlugin(engine, found.info),
  };
  return { doc, facts: found, subject };
}

/** Creates the Swarm secrets; idempotent. */
export async function deliver(moving: SwarmApplyInput, step: StepOf<"deliver">, work: Work): Promise<void> {
  const { id: runId } = work.plan;
  const { subject: service } = recreateStepOf(work.plan, step.unit);
  const delivery = deliveryNamed(moving.deliveries, step.delivery);
  await delivery.allow(idOf(service.name, service.id, runId), `swarm:${service.name}`, step.moves);
  const files = delivery.files(step.moves, valuesByName(step.moves, work.values));
  let decided = decidedBy(work, step.unit);
  if (decided === null) {
    const { subject } = await runningService(moving, service.id, runId);
    const change = withReferences(delivery.change(subject, step.moves), step, work.plan.store.name);
    decided = {
      change,
      owner: await delivery.owner(subject),
      objects: plannedObjects(service.name, runId, change, files),
    };
    work.record.done(decidedStep(step.unit), decided);
  }
  await createObjects(moving.swarm, decided.objects, files, service.name, runId);
}

/** Updates the service, unless that has been done, and waits for its tasks. */
export async function recreate(moving: SwarmApplyInput, step: StepOf<"recreate">, work: Work): Promise<void> {
  const { swarm, key } = moving;
  const { change, objects, owner } = mustBeDecided(work, step.unit);
  const now = await swarm.service(step.subject.id);
  if (now === null || !isRewritten(now.Spec, change, objects)) {
    const { doc, facts: found } = await runningService(moving, step.subject.id, work.plan.id);
    if (specDigest(doc.Spec, key) !== step.digest)
      throw new UnsprawlError("changed", `the service ${step.subject.name} has changed`, "unsprawl plan again");
    const mounted = await mountedObjects(swarm, objects, owner ?? { uid: 0, gid: 0 });
    await recordHolders(step, [found.doc], work, moving);
    work.record.intent(`${step.id}/update`, { ...wayBack(doc.Spec, change) });
    await swarm.update(doc, rewrittenSpec(doc.Spec, change, mounted, found.doc));
  }
  await rolledOut(swarm, step.subject.id, ours(change, objects), idleMs(work, step.unit), work);
}

/** Verifies every task: those on this node by their containers, all by what the swarm shows about them. */
export async function verifyService(moving: SwarmApplyInput, step: StepOf<"check">, work: Work): Promise<void> {
  const { engine, swarm } = moving;
  const planned = recreateStepOf(work.plan, step.unit);
  const service = planned.subject;
  const { change, objects } = mustBeDecided(work, step.unit);
  // First, so that a task that has failed meanwhile is reported as such.
  const { doc, tasks } = await rolledOut(swarm, service.id, ours(change, objects), idleMs(work, step.unit), work);
  const { subject } = await runningService(moving, service.id, work.plan.id);
  const targets = new Set(objects.map(({ target }) => target));
  const before = { ...subject, mountTargets: subject.mountTargets.filter((target) => !targets.has(target)) };
  const back = wayBackOf(work, planned.id);
  const undone = restoredSpec(doc.Spec, change, objects, back, valuesByName(step.moves, work.values));
  if (specDigest(undone, moving.key) !== planned.digest)
    throw new UnsprawlError(
      "changed",
      `the spec of ${service.name} differs in more than how its values are delivered: somebody else changed it`,
      "unsprawl plan again",
    );
  const delivery = deliveryNamed(moving.deliveries, step.delivery);
  const containers = await onThisNode(engine, tasks);
  const common = {
    ...{ engine, step, delivery, subject: before, sight: moving.sight },
    ...{ before: { running: true, unhealthy: false }, work, key: moving.key },
  };
  const proofs: ContainerProof[] = [];
  for (const id of containers) proofs.push(await verifyContainer({ ...common, id }));
  mustShowNoValue(doc.Spec, step, work, "docker service inspect");
  for (const task of tasks) mustShowNoValue(task.Spec, step, work, "docker inspect of a task");
  const others = tasks.length - containers.length;
  recordProof(step, proofs, work, others);
}

/**
 * Restores the service's spec, waits for its tasks, and removes the Swarm secrets; idempotent. Later changes by others
 * to the spec stay.
 */
export async function undo(moving: SwarmApplyInput, step: StepOf<"recreate">, work: Work): Promise<void> {
  const { swarm } = moving;
  const { id, name } = step.subject;
  const decided = decidedBy(work, step.unit);
  const back = parseRecord(work.record, `${step.id}/update`, WAY_BACK);
  if (decided !== null && back !== null) {
    const { change, objects } = decided;
    const isOurs = ours(change, objects);
    const put = await replaceSpec(swarm, id, async (spec) =>
      isOurs(spec) ? restoredSpec(spec, change, objects, back, valuesByName(step.moves, await work.recall())) : null,
    );
    const doc = await swarm.service(id);
    // A service that did not run before the undo need not run after it, once its spec is restored.
    if (doc && (put || /updating|rollback_started/.test(doc.UpdateStatus?.State ?? "")))
      await rolledOut(swarm, id, (spec) => !isOurs(spec), idleMs(work, step.unit), work);
    // `docker service rollback` would return to secrets that are about to be removed.
    const now = await swarm.service(id);
    if (now?.PreviousSpec && isOurs(now.PreviousSpec)) await swarm.update(now, now.Spec);
  }
  if ((await swarm.service(id)) === null) work.lacks?.(`the service ${name} is gone`);
  await discardObjects(swarm, name, work.plan.id);
  await deliveryNamed(moving.deliveries, step.delivery).discard(idOf(name, id, work.plan.id));
}

/** Whether the service still has the run's spec: its own one is made again from the values. */
export async function undoNeedsValues(
  { swarm }: SwarmApplyInput,
  { id, unit, subject }: StepOf<"recreate">,
  { record }: Pick<Work, "record">,
): Promise<boolean> {
  const decided = decidedBy({ record }, unit);
  if (decided === null || parseRecord(record, `${id}/update`, WAY_BACK) === null) return false;
  const doc = await swarm.service(subject.id);
  return doc !== null && isRewritten(doc.Spec, decided.change, decided.objects);
}

/**
 * Updates a service with `next` of its current spec, repeated if another update was faster; false if there is nothing
 * to do.
 */
async function replaceSpec(
  swarm: Swarm,
  id: string,
  next: (spec: ServiceSpec) => Promise<ServiceSpec | null>,
): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    const doc = await swarm.service(id);
    const spec = doc === null ? null : await next(doc.Spec);
    if (doc === null || spec === null) return false;
    try {
      await swarm.update(doc, spec);
      return true;
    } catch (error) {
      // The swarm itself may be rolling back a failed update, and counts every task in the service's version.
      if (!(error instanceof UnsprawlError) || error.code !== "changed" || tries >= MOST_TRIES) throw error;
      await sleep(200);
    }
  }
}

/** The change, with the source of each value. */
export function withReferences(
  change: RunChange,
  { moves, delivery }: Pick<StepOf<"deliver">, "moves" | "delivery">,
  store: string,
): RunChange {
  return { ...change, labels: labelsFor(moves, delivery, store, null) };
}

const ours =
  (change: RunChange, objects: readonly PlannedObject[]) =>
  (spec: ServiceSpec): boolean =>
    isRewritten(spec, change, objects);

/** The containers of running tasks that are on this node. */
async function onThisNode(engine: Engine, tasks: readonly TaskDoc[]): Promise<string[]> {
  const { NodeID } = ((await engine.info())["Swarm"] ?? {}) as { NodeID?: string };
  return tasks
    .filter((task) => task.NodeID === NodeID && task.Status.State === "running")
    .flatMap(({ Status }) => Status.ContainerStatus?.ContainerID ?? []);
}

const idOf = (name: string, id: string, runId: string): string => `${distinctName(name, ["swarm", id])}-${runId}`;

const decidedStep = (unit: string): string => `${stepId({ kind: "deliver", unit })}/decided`;

const WAY_BACK: v.GenericSchema<unknown, WayBack> = v.object({
  env: recordedByName(v.number()),
  command: v.boolean(),
  args: v.boolean(),
  health: v.picklist(["none", "no test", "CMD", "CMD-SHELL"]),
  labels: v.exactOptional(v.boolean()),
});

function wayBackOf({ record }: Work, step: string): WayBack {
  const back = parseRecord(record, `${step}/update`, WAY_BACK);
  if (back !== null) return back;
  throw new UnsprawlError("malformed", `the journal has no ${step}/update`, "unsprawl runs");
}

function decidedBy(work: Pick<Work, "record">, unit: string): Decided | null {
  return parseRecord(work.record, decidedStep(unit), DECIDED);
}

function mustBeDecided(work: Work, unit: string): Decided {
  const decided = decidedBy(work, unit);
  if (decided) return decided;
  throw new UnsprawlError("malformed", `nothing was delivered for ${unit}`, cmd`unsprawl rollback ${work.plan.id}`);
}

function idleMs({ plan }: Work, unit: string): number {
  const check = plan.steps.find((step) => step.kind === "check" && step.unit === unit);
  return check?.kind === "check" ? check.healthTimeoutMs : 0;
}
