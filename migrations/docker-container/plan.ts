import type { Detector } from "../../src/contract/detector.ts";
import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { chooseDelivery, filesMadeAtStart, undeliveredMoves } from "../../src/engine/choose.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Facts } from "../../src/engine/facts.ts";
import { remainingNotes, remainingPlaces } from "../../src/engine/leftovers.ts";
import { outageOf } from "../../src/engine/outage.ts";
import { mustFitDockersApi } from "../../src/engine/podman.ts";
import { driftDigest } from "../../src/engine/recreate/drift.ts";
import { unhealthyNote } from "../../src/engine/recreate/health.ts";
import { loopingNote } from "../../src/engine/recreate/looping.ts";
import type { Sharer } from "../../src/engine/recreate/sharers.ts";
import { checkStep, deliverStep, recreateStep } from "../../src/engine/recreate/steps.ts";
import { manualCommand } from "./by-hand.ts";
import { lossWarnings } from "./losses.ts";
import { maskedDiff } from "./rewrite.ts";
import { mayBeCreatedAgain, sharersDiff, sharersOfStep, type Claims } from "./share.ts";
import { labelledChange } from "./supplied.ts";
import type { DockerContainerTools } from "./tools.ts";

/** A container to plan. */
export type PlannedContainer = Pick<DockerContainerTools, "deliveries" | "key"> & {
  readonly engine: Engine;
  readonly unit: string;
  readonly known: Facts;
  /** What currently relies on it. */
  readonly sharers: readonly Sharer[];
  readonly claims: Claims;
  readonly detector: Detector;
};

export async function planContainer(
  planned: PlannedContainer,
  all: readonly Selected[],
  options: PlanOptions,
): Promise<UnitPlan> {
  const { engine, unit, known, sharers, deliveries, key } = planned;
  const { doc } = known;
  const chosen = await chooseDelivery(deliveries, options.deliver, unit, known.subject, all);
  const { delivery, why, warnings } = chosen;
  const selected = all.filter(({ move }) => !chosen.left.has(move));
  const moves = selected.map((one) => one.move);
  const tolerated = remainingPlaces(doc, selected);
  const change = await labelledChange(delivery, known.subject, moves, options.store);
  mayBeCreatedAgain(doc, sharers);
  for (const one of [doc, ...sharers.map((sharer) => sharer.doc)]) await mustFitDockersApi(engine, one);
  const rewritten = await filesMadeAtStart(deliveries, known.subject);
  const losses = await lossWarnings({ engine, known, sharers, moves, accept: options.accept, rewritten });
  planned.claims.claim(options.runId, unit, [doc, ...sharers.map((one) => one.doc)]);
  const to = { unit, delivery: delivery.name, moves };
  return {
    unit,
    steps: [
      deliverStep(to, why),
      recreateStep(to, {
        subject: { id: doc.Id, name: unit, image: doc.Image },
        digest: driftDigest(doc, key),
        diff: [...maskedDiff(doc, change, selected), ...sharersDiff(sharers)],
        outage: outageOf(doc, options),
        ...(sharers.length > 0 ? { sharers: sharersOfStep(sharers, key) } : {}),
        ...(await manualCommand(engine, known, change, planned.detector)),
      }),
      checkStep(to, tolerated, options),
    ],
    warnings: [...warnings, ...unhealthyNote(doc), ...loopingNote(doc), ...remainingNotes(tolerated), ...losses],
    left: undeliveredMoves(all, chosen),
  };
}
