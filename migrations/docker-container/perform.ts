import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { Migration, Work } from "../../src/contract/migration.ts";
import { deliveryNamed } from "../../src/engine/choose.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Facts } from "../../src/engine/facts.ts";
import { recordProof, verifyContainer } from "../../src/engine/recreate/prove.ts";
import { recordHolders } from "../../src/engine/recreate/receive.ts";
import { withNewContainers } from "../../src/engine/recreate/sharers.ts";
import { recreateStepOf } from "../../src/engine/recreate/steps.ts";
import { recordedState, type Swap } from "../../src/engine/recreate/swap-parts.ts";
import { mustNew, oldOrNew, pauseAsBefore, swapBack, swapIn } from "../../src/engine/recreate/swap.ts";
import { folderValues, foldersOf } from "../../src/engine/supplied.ts";
import { recordedOwner } from "../../src/files/delivered.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { valuesByName, type DeliverStep, type RecreateStep, type Step, type StepOf } from "../../src/model/plan.ts";
import { rewrittenBody } from "../../src/engine/recreate/rewritten.ts";
import { swapsOf } from "./share.ts";
import { labelledChange } from "./supplied.ts";
import { asPlanned, suppliedFacts, type DockerContainerTools } from "./tools.ts";

/** A container on which a step is performed. */
type ContainerAtWork = {
  readonly tools: DockerContainerTools;
  readonly engine: Engine;
  readonly known: Facts;
  readonly subject: DeliverySubject;
  readonly delivery: Delivery;
  readonly work: Work;
};

export async function performStep(tools: DockerContainerTools, step: Step, work: Work): Promise<void> {
  const engine = await tools.open();
  const recreate = recreateStepOf(work.plan, step.unit);
  const old = await oldOrNew(swapsOf(engine, recreate, work)[0]);
  const known = { ...(await suppliedFacts(tools, engine, old.Id, work.plan.id)), doc: old };
  const subject = asPlanned(known.subject, step.unit, work.plan.id);
  const delivery = deliveryNamed(tools.deliveries, recreate.delivery);
  const at = { tools, engine, known, subject, delivery, work };
  if (step.kind === "deliver") await deliver(at, step);
  if (step.kind === "recreate") await swap(at, step);
  if (step.kind === "check") await check(at, step, recreate);
}

async function deliver({ tools, subject, delivery, work }: ContainerAtWork, step: DeliverStep): Promise<void> {
  const { supplies } = tools;
  await delivery.allow(subject.id, subject.consumer, step.moves);
  const owner = await delivery.owner(subject);
  if (owner === null) return;
  // Stored for `render`, which must work without the engine and the image.
  work.record.done(`${step.id}/owner`, owner);
  const consumer = delivery.consumer(subject, owner, step.moves, work.plan.store);
  if (consumer === null) return;
  const values = valuesByName(step.moves, work.values);
  supplies.write(consumer, folderValues(consumer, subject.supplied ?? [], values, supplies));
  await supplies.index.add([consumer]);
}

async function swap(at: ContainerAtWork, step: RecreateStep): Promise<void> {
  const { tools, engine, known, subject, delivery, work } = at;
  const looks = { key: tools.key, sight: await tools.sight(engine) };
  if (known.doc.Id === step.subject.id) await recordHolders(step, [known.doc], work, looks);
  const change = await labelledChange(delivery, subject, step.moves, work.plan.store);
  await swapIn(swapsOf(engine, step, work), (old, replaced, own) =>
    old.Id === known.doc.Id ? rewrittenBody(engine, known, change) : own.asItIs(withNewContainers(old, replaced)),
  );
}

async function check(at: ContainerAtWork, step: StepOf<"check">, recreate: RecreateStep): Promise<void> {
  const { tools, engine, subject, delivery, work } = at;
  const [own, ...sharers] = swapsOf(engine, recreate, work);
  const fresh = await mustNew(own);
  const { running = false, unhealthy = false, looping = null } = recordedState(own) ?? {};
  const proof = await verifyContainer({
    ...{ engine, id: fresh.Id, step, delivery, subject, sight: await tools.sight(engine) },
    ...{ before: { running, unhealthy, looping }, work, key: tools.key },
  });
  for (const sharer of sharers) await mustBeUp(sharer);
  await pauseAsBefore([own, ...sharers]);
  recordProof(step, [proof], work);
}

/** A sharer has no value to verify, but must be as it was. */
async function mustBeUp(sharer: Swap): Promise<void> {
  const { State, Name } = await mustNew(sharer);
  const was = recordedState(sharer);
  if (was?.running !== true || was.looping !== undefined || (State.Running && !State.Restarting)) return;
  throw new UnsprawlError(
    "unhealthy",
    `${Name.slice(1)} did not stay up when it was recreated (exit ${State.ExitCode ?? "unknown"})`,
    "nothing is lost: the old containers are restored",
  );
}

export async function undoSteps(tools: DockerContainerTools, steps: readonly Step[], work: Work): Promise<void> {
  const recreate = steps.find((step) => step.kind === "recreate");
  if (!recreate) return;
  for (const lack of await swapBack(swapsOf(await tools.open(), recreate, work))) work.lacks?.(lack);
  const { id } = asPlanned({} as DeliverySubject, recreate.unit, work.plan.id);
  const { index } = tools.supplies;
  // The index first: an agent that is writing looks into it afterwards, and takes back what is nobody's any more.
  await index.remove(foldersOf(index.read(), id));
  work.leaves?.(await deliveryNamed(tools.deliveries, recreate.delivery).discard(id));
}

export async function renderSteps(
  tools: DockerContainerTools,
  ...[steps, values, plan, record]: Parameters<Migration["render"]>
): Promise<number> {
  const step = steps.find(({ kind }) => kind === "deliver");
  const owner = step ? recordedOwner(record, step.id) : null;
  if (step?.kind !== "deliver" || owner === null) return 0; // nothing of it is on this host
  if ((await isGone(await tools.open(), step.unit)) === true) return 0;
  const { id } = asPlanned({} as DeliverySubject, step.unit, plan.id);
  // The index knows what else is in its folder.
  if (foldersOf(tools.supplies.index.read(), id).length > 0) return 0;
  const delivery = deliveryNamed(tools.deliveries, step.delivery);
  await delivery.prepare(id, owner, step.moves, valuesByName(step.moves, values));
  return step.moves.length;
}

/** Whether nobody mounts the files any more; null if the engine does not answer, as before it is up at boot. */
async function isGone(engine: Engine, name: string): Promise<boolean | null> {
  try {
    return (await engine.container(name)) === null;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "unreachable") return null;
    throw error;
  }
}
