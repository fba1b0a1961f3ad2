/*
 * `docker-container`: moves variables of a container's configuration, by recreating the container. read.ts is the
 * source; run-line/ writes the `docker run` that creates it by hand.
 */
import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Migration, PlanOptions, Selected, UnitPlan, Work } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { chooseDelivery, filesMadeAtStart, undeliveredMoves } from "../../src/engine/choose.ts";
import { driftDigest } from "../../src/engine/recreate/drift.ts";
import { remainingNotes, remainingPlaces } from "../../src/engine/leftovers.ts";
import { recordedState, type Swap } from "../../src/engine/recreate/swap-parts.ts";
import { mustNew, oldOrNew, pauseAsBefore, swapBack, swapIn } from "../../src/engine/recreate/swap.ts";
import { mustBeFreeOfRivals } from "../../src/engine/recreate/swap-alone.ts";
import { consumersOf } from "../../src/engine/consumer-labels.ts";
import { containerUnit, keptByRun } from "../../src/engine/names.ts";
import { withNewContainers } from "../../src/engine/recreate/sharers.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { valuesByName, type DeliveryName, type RecreateStep } from "../../src/model/plan.ts";
import { outageOf } from "../../src/engine/outage.ts";
import { loopingNote } from "../../src/engine/recreate/looping.ts";
import { acceptedUnread, recordProof, unhealthyNote, verifyContainer } from "../../src/engine/recreate/prove.ts";
import { recordHolders } from "../../src/engine/recreate/receive.ts";
import { composeProject } from "../../src/engine/labels.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import { cmd } from "../../src/kit/shell.ts";
import { manualCommand } from "./by-hand.ts";
import { presentValue } from "./in-place.ts";
import { looker } from "./look.ts";
import { lossWarnings } from "./losses.ts";
import { refusal } from "./refuse.ts";
import { maskedDiff, rewrittenBody } from "./rewrite.ts";
import { scrubSwaps } from "./scrub.ts";
import { folderValues, foldersOf } from "../../src/engine/supplied.ts";
import { labelledChange, withSupplied } from "./supplied.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import {
  Claims,
  mayBeCreatedAgain,
  Neighbours,
  sharersDiff,
  sharersOfStep,
  swapsOf,
  unchangedSharers,
} from "./share.ts";
import { stepId } from "../../src/model/step-id.ts";
import { recordedOwner } from "../../src/files/delivered.ts";

export type DockerContainerTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly detector: () => Promise<Detector>;
  readonly supplies: Supplies;
};

/** `docker-container`: moves variables of a container's configuration, by recreating the container. */
export function dockerContainer(tools: DockerContainerTools): Migration {
  const { open, deliveries, key, detector, supplies } = tools;
  const mayHold = (folder: string): boolean => supplies.mayHold(folder);
  /** Facts with what earlier migrations deliver as files. */
  const factsOf = async (engine: Engine, id: string, runId: string): Promise<Facts> => {
    const known = await readFacts(engine, id, runId);
    const { doc, image, subject } = known;
    return {
      ...known,
      subject: withSupplied(subject, consumersOf(doc, image, mayHold), doc, supplies.index.read()),
    };
  };
  const plans = { claims: new Claims(), neighbours: new Neighbours() };
  const look = looker(open);
  const deliveryOf = (name: DeliveryName): Delivery => {
    const found = deliveries.find((one) => one.name === name);
    if (found) return found;
    throw new UnsprawlError("config", `unknown delivery ${name}`);
  };

  return {
    name: "docker-container",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    async unit({ location }) {
      return { id: location.subjectId, name: location.subjectName };
    },
    async refuses(finding, accept) {
      const { location } = finding;
      if (keptByRun(location.subjectName)) {
        const run = keptByRun(location.subjectName) ?? "";
        return { reason: `is kept by run ${run} until scrub`, hint: cmd`unsprawl scrub ${run}` };
      }
      if (location.subject !== "container") return refusal(finding, null, null, accept);
      const { doc, image } = await look(location.subjectId);
      return refusal(finding, doc, image, accept);
    },
    async names(finding) {
      const { doc, image } = await look(finding.location.subjectId);
      const project = doc === null ? null : composeProject(doc, image);
      return { subject: finding.location.subjectName, project: project ?? "" };
    },
    async plan(unit, selected, options) {
      const engine = await open();
      const known = await factsOf(engine, selected[0]?.finding.location.subjectId ?? "", options.runId);
      return planUnit(engine, known, unit, selected, options, deliveries, key, plans, await detector());
    },
    read: async (move, _unit, lasting = false) => presentValue(await open(), move, key, lasting),
    async unchanged(step, { id }) {
      if (step.kind !== "recreate") return;
      await mustBeFreeOfRivals(await open(), step.unit, id);
      const doc = await (await open()).container(step.subject.id);
      if (doc === null)
        throw new UnsprawlError("changed", `the container ${step.unit} of the plan is gone`, "unsprawl plan again");
      if (driftDigest(doc, key) !== step.digest) {
        throw new UnsprawlError(
          "changed",
          `the container ${step.unit} has changed since the plan was made`,
          "unsprawl plan again",
        );
      }
      unchangedSharers(step, await plans.neighbours.sharersOf(await open(), doc), key);
    },
    async perform(step, work) {
      const engine = await open();
      const recreate = recreateStep(work, step.unit);
      const old = await oldOrNew(swapsOf(engine, recreate, work)[0]);
      const known = { ...(await factsOf(engine, old.Id, work.plan.id)), doc: old };
      const subject = asPlanned(known.subject, step.unit, work.plan.id);
      const delivery = deliveryOf(recreate.delivery);
      if (step.kind === "deliver") {
        await delivery.allow(subject.id, subject.consumer, step.moves);
        const owner = await delivery.owner(subject);
        if (owner !== null) {
          // Stored for `render`, which must work without the engine and the image.
          work.record.done(`${step.id}/owner`, owner);
          const consumer = delivery.consumer(subject, owner, step.moves, work.plan.store);
          if (consumer !== null) {
            supplies.write(
              consumer,
              folderValues(consumer, subject.supplied ?? [], valuesByName(step.moves, work.values), supplies),
            );
            await supplies.index.add([consumer]);
          }
        }
      }
      if (step.kind === "recreate") {
        if (old.Id === step.subject.id) recordHolders(step, [old], work, key);
        const change = await labelledChange(delivery, subject, step.moves, work.plan.store);
        await swapIn(swapsOf(engine, step, work), (old, replaced, swap) =>
          old.Id === known.doc.Id
            ? rewrittenBody(engine, known, change)
            : swap.asItIs(withNewContainers(old, replaced)),
        );
      }
      if (step.kind === "check") {
        const [swap, ...sharers] = swapsOf(engine, recreate, work);
        const fresh = await mustNew(swap);
        const was = recordedState(swap);
        const { running = false, unhealthy = false, looping = null } = was ?? {};
        const before = { running, unhealthy, looping };
        const proof = await verifyContainer(
          engine,
          fresh.Id,
          step,
          delivery,
          subject,
          known.info.DockerRootDir,
          before,
          work,
          key,
        );
        for (const sharer of sharers) await mustBeUp(sharer);
        await pauseAsBefore([swap, ...sharers]);
        recordProof(step, [proof], work);
      }
    },
    async undo(steps, work) {
      const engine = await open();
      const recreate = steps.find((step): step is RecreateStep => step.kind === "recreate");
      if (!recreate) return;
      for (const lack of await swapBack(swapsOf(engine, recreate, work))) work.lacks?.(lack);
      const { id } = asPlanned({} as DeliverySubject, recreate.unit, work.plan.id);
      const { index } = supplies;
      // The index first: an agent that is writing looks into it afterwards, and takes back what is nobody's any more.
      await index.remove(foldersOf(index.read(), id));
      await deliveryOf(recreate.delivery).discard(id);
    },
    async render(steps, values, plan, record) {
      const deliver = steps.find((step) => step.kind === "deliver");
      const owner = deliver ? recordedOwner(record, deliver.id) : null;
      if (!deliver || owner === null) return 0; // nothing of it is on this host
      if ((await gone(await open(), deliver.unit)) === true) return 0;
      const id = asPlanned({} as DeliverySubject, deliver.unit, plan.id).id;
      // The index knows what else is in its folder.
      if (foldersOf(supplies.index.read(), id).length > 0) return 0;
      await deliveryOf(deliver.delivery).prepare(id, owner, deliver.moves, valuesByName(deliver.moves, values));
      return deliver.moves.length;
    },
    async scrub(steps, work) {
      const engine = await open();
      const recreate = steps.find((step): step is RecreateStep => step.kind === "recreate");
      if (!recreate) return [];
      return scrubSwaps(swapsOf(engine, recreate, work));
    },
  };
}

async function planUnit(
  engine: Engine,
  known: Facts,
  unit: string,
  all: readonly Selected[],
  options: PlanOptions,
  deliveries: readonly Delivery[],
  key: FingerprintKey,
  { claims, neighbours }: { readonly claims: Claims; readonly neighbours: Neighbours },
  detector: Detector,
): Promise<UnitPlan> {
  const chosen = await chooseDelivery(deliveries, options.deliver, unit, known.subject, all);
  const { delivery, why, warnings } = chosen;
  const selected = all.filter(({ move }) => !chosen.left.has(move));
  const moves = selected.map((one) => one.move);
  const tolerated = remainingPlaces(known.doc, selected);
  const change = await labelledChange(delivery, known.subject, moves, options.store);
  const common = { unit, delivery: delivery.name, moves } as const;
  const subject = { id: known.doc.Id, name: unit, image: known.doc.Image };
  const plain = remainingNotes(tolerated);
  const sharers = await neighbours.sharersOf(engine, known.doc);
  mayBeCreatedAgain(known.doc, sharers);
  const rewritten = await filesMadeAtStart(deliveries, known.subject);
  const told = await lossWarnings(engine, known, sharers, moves, options.accept, rewritten);
  claims.claim(options.runId, unit, [known.doc, ...sharers.map((one) => one.doc)]);
  return {
    unit,
    steps: [
      { id: stepId({ kind: "deliver", unit }), kind: "deliver", why, ...common },
      {
        id: stepId({ kind: "recreate", unit }),
        kind: "recreate",
        subject,
        digest: driftDigest(known.doc, key),
        diff: [...maskedDiff(known.doc, change, selected), ...sharersDiff(sharers)],
        outage: outageOf(known.doc, options),
        ...(sharers.length > 0 ? { sharers: sharersOfStep(sharers, key) } : {}),
        ...(await manualCommand(engine, known, change, detector)),
        ...common,
      },
      {
        id: stepId({ kind: "check", unit }),
        kind: "check",
        graceMs: options.graceMs,
        healthTimeoutMs: options.healthTimeoutMs,
        tolerated,
        ...acceptedUnread(options),
        ...common,
      },
    ],
    warnings: [...warnings, ...unhealthyNote(known.doc), ...loopingNote(known.doc), ...plain, ...told],
    left: undeliveredMoves(all, chosen),
  };
}

/** Whether nobody mounts the files any more; null if the engine does not answer, as before it is up at boot. */
async function gone(engine: Engine, name: string): Promise<boolean | null> {
  try {
    return (await engine.container(name)) === null;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "unreachable") return null;
    throw error;
  }
}

/** The subject under its name in the plan: after the swap the old container has another name. */
function asPlanned(subject: DeliverySubject, unit: string, runId: string): DeliverySubject {
  return { ...subject, id: containerUnit(unit, runId), consumer: `container:${unit}` };
}

/** A sharer has no value to verify, but must be as it was. */
async function mustBeUp(swap: Swap): Promise<void> {
  const { State, Name } = await mustNew(swap);
  const was = recordedState(swap);
  if (was?.running !== true || was.looping !== undefined || (State.Running && !State.Restarting)) return;
  throw new UnsprawlError(
    "unhealthy",
    `${Name.slice(1)} did not stay up when it was recreated (exit ${State.ExitCode ?? "unknown"})`,
    "nothing is lost: the old containers are restored",
  );
}

function recreateStep(work: Work, unit: string): RecreateStep {
  const found = work.plan.steps.find((step): step is RecreateStep => step.kind === "recreate" && step.unit === unit);
  if (!found) throw new UnsprawlError("malformed", `the plan has no recreate step for ${unit}`, "unsprawl plan again");
  return found;
}
