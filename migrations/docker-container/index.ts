import type { Delivery, DeliverySubject, Owner } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Migration, PlanOptions, Selected, UnitPlan, Work } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/docker/engine.ts";
import { chooseDelivery } from "../../src/docker/choose.ts";
import { driftDigest } from "../../src/docker/drift.ts";
import { leftovers } from "../../src/docker/leftovers.ts";
import { keptByRun, swapNames } from "../../src/docker/names.ts";
import { findNew, swapBack, swapIn, type Swap } from "../../src/docker/swap.ts";
import { nameOf } from "../../src/docker/names.ts";
import type { ContainerDoc } from "../../src/docker/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { byName, type DeliveryName, type Step } from "../../src/model/plan.ts";
import { prove } from "../../src/docker/prove.ts";
import { facts, variable } from "../../src/docker/facts.ts";
import { byHand } from "./by-hand.ts";
import { refusal, warningsFor } from "./refuse.ts";
import { diff, rewritten } from "./rewrite.ts";

export type DockerContainerTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly detector: () => Promise<Detector>;
};

type Recreate = Extract<Step, { kind: "recreate" }>;

/** `docker-container`: moves variables of a container's own configuration, by creating the container again. */
export function dockerContainer(tools: DockerContainerTools): Migration {
  const { open, deliveries, key, detector } = tools;
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
        return { reason: `is kept by run ${run} until scrub`, hint: `unsprawl scrub ${run}` };
      }
      if (location.subject !== "container") return refusal(finding, null, accept);
      const engine = await open();
      return refusal(finding, await engine.container(location.subjectId), accept);
    },
    async names(finding) {
      const engine = await open();
      const labels = (await engine.container(finding.location.subjectId))?.Config.Labels;
      return { subject: finding.location.subjectName, project: labels?.["com.docker.compose.project"] ?? "" };
    },
    async plan(unit, selected, options) {
      return planUnit(await open(), unit, selected, options, deliveries, key, await detector());
    },
    async read({ location, name }) {
      const doc = await (await open()).container(location.subjectId);
      return doc === null ? null : variable(doc, name);
    },
    async unchanged(step) {
      if (step.kind !== "recreate") return;
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
    },
    async perform(step, work) {
      const engine = await open();
      const recreate = recreateStep(work, step.unit);
      const known = await facts(engine, recreate.subject.id, work.plan.id);
      const subject = asPlanned(known.subject, step.unit, work.plan.id);
      const delivery = deliveryOf(recreate.delivery);
      if (step.kind === "deliver") {
        const owner = await delivery.owner(subject);
        if (owner !== null) {
          // Kept for `render`, which must do without the engine and the image.
          work.record.done(`${step.id}/owner`, owner);
          await delivery.prepare(subject.id, owner, step.moves, byName(step.moves, work.values));
        }
      }
      if (step.kind === "recreate") {
        await swapIn(swapOf(engine, step, work), await rewritten(engine, known, delivery.change(subject, step.moves)));
      }
      if (step.kind === "check") {
        const swap = swapOf(engine, recreate, work);
        const fresh = await findNew(swap);
        if (!fresh)
          throw new UnsprawlError(
            "changed",
            `the new container of ${step.unit} is gone`,
            `unsprawl rollback ${work.plan.id}`,
          );
        const wasRunning = work.record.last(`${recreate.id}/create`)?.["running"] === true;
        const proof = await prove(
          engine,
          fresh.Id,
          step,
          delivery,
          subject,
          known.info.DockerRootDir,
          wasRunning,
          work,
        );
        work.record.done(`${step.id}/proof`, { ...proof });
        work.say(
          `proven: inspect clean, engine's files ${proof.disk}, ${proof.health}, ${proof.received.length} of ${step.moves.length} received`,
        );
      }
    },
    async undo(steps, work) {
      const engine = await open();
      const recreate = steps.find((step): step is Recreate => step.kind === "recreate");
      if (!recreate) return;
      await swapBack(swapOf(engine, recreate, work));
      await deliveryOf(recreate.delivery).discard(asPlanned({} as DeliverySubject, recreate.unit, work.plan.id).id);
    },
    async render(steps, values, plan, record) {
      const deliver = steps.find((step) => step.kind === "deliver");
      const owner = deliver ? record.last(`${deliver.id}/owner`) : null;
      if (!deliver || owner === null) return 0; // nothing of it is on this host
      if ((await gone(await open(), deliver.unit)) === true) return 0;
      const id = asPlanned({} as DeliverySubject, deliver.unit, plan.id).id;
      await deliveryOf(deliver.delivery).prepare(id, owner as Owner, deliver.moves, byName(deliver.moves, values));
      return deliver.moves.length;
    },
    async scrub(steps, work) {
      const engine = await open();
      const recreate = steps.find((step): step is Recreate => step.kind === "recreate");
      if (!recreate) return [];
      return scrubUnit(engine, swapOf(engine, recreate, work));
    },
  };
}

async function planUnit(
  engine: Engine,
  unit: string,
  selected: readonly Selected[],
  options: PlanOptions,
  deliveries: readonly Delivery[],
  key: FingerprintKey,
  detector: Detector,
): Promise<UnitPlan> {
  const id = selected[0]?.finding.location.subjectId ?? "";
  const known = await facts(engine, id, options.runId);
  const moves = selected.map((one) => one.move);
  const { delivery, why, warnings } = await chooseDelivery(deliveries, options.deliver, unit, known.subject, moves);
  const tolerated = leftovers(known.doc, selected);
  const change = delivery.change(known.subject, moves);
  const common = { unit, delivery: delivery.name, moves } as const;
  const subject = { id: known.doc.Id, name: unit, image: known.doc.Image };
  const plain = tolerated.map(
    ({ name, path }) => `the value of ${name} is a plain word that also stands at ${path}; that place stays as it is`,
  );
  return {
    unit,
    steps: [
      { id: `deliver:${unit}`, kind: "deliver", why, ...common },
      {
        id: `recreate:${unit}`,
        kind: "recreate",
        subject,
        digest: driftDigest(known.doc, key),
        diff: diff(known.doc, change, selected),
        ...(await byHand(engine, known, change, detector)),
        ...common,
      },
      {
        id: `check:${unit}`,
        kind: "check",
        graceMs: options.graceMs,
        healthTimeoutMs: options.healthTimeoutMs,
        tolerated,
        ...common,
      },
    ],
    warnings: [...warnings, ...plain, ...(await warningsFor(engine, known, moves, options.accept, options.runId))],
  };
}

/** Whether nobody mounts the files any more; null when the engine does not answer, as before it is up at boot. */
async function gone(engine: Engine, name: string): Promise<boolean | null> {
  try {
    return (await engine.container(name)) === null;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "unreachable") return null;
    throw error;
  }
}

/** The subject under the name it had when the plan was made: after the swap the old container is called otherwise. */
function asPlanned(subject: DeliverySubject, unit: string, runId: string): DeliverySubject {
  return { ...subject, id: `${unit.replace(/[^\w.-]/g, "_")}-${runId}` };
}

function swapOf(engine: Engine, step: Recreate, work: Work): Swap {
  return {
    engine,
    oldId: step.subject.id,
    names: swapNames(step.subject.name, work.plan.id),
    step: step.id,
    record: work.record,
  };
}

function recreateStep(work: Work, unit: string): Recreate {
  const found = work.plan.steps.find((step): step is Recreate => step.kind === "recreate" && step.unit === unit);
  if (!found) throw new UnsprawlError("malformed", `the plan has no recreate step for ${unit}`, "unsprawl plan again");
  return found;
}

async function scrubUnit(engine: Engine, swap: Swap): Promise<string[]> {
  const old = await engine.container(swap.oldId);
  if (old === null) return [];
  // Whoever serves under the name now counts: it may have been created again since, by hand or by a later run.
  const live = await engine.container(swap.names.final);
  const wasRunning = swap.record.last(`${swap.step}/create`)?.["running"] === true;
  if (live === null || live.Id === old.Id || (wasRunning && !isUp(live))) {
    throw new UnsprawlError(
      "refused",
      `${swap.names.final} is not running, so the old container is kept`,
      "start it, or: unsprawl rollback",
    );
  }
  await engine.call(`remove ${nameOf(old)}`, async () =>
    (await engine.docker()).getContainer(old.Id).remove({ v: false, force: false }),
  );
  return [nameOf(old)];
}

function isUp(doc: ContainerDoc): boolean {
  return doc.State.Running && (!doc.State.Health || doc.State.Health.Status !== "unhealthy");
}
