import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import { consumersOf } from "../../src/engine/consumer-labels.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { readFacts, type Facts } from "../../src/engine/facts.ts";
import type { FindSight } from "../../src/engine/sight.ts";
import { containerUnit } from "../../src/engine/names.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { withSupplied } from "./supplied.ts";

export type DockerContainerTools = {
  readonly open: () => Promise<Engine>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly detector: () => Promise<Detector>;
  readonly supplies: Supplies;
  readonly sight: FindSight;
};

/** A container's facts with what earlier migrations deliver to it as files. */
export async function suppliedFacts(
  { supplies }: Pick<DockerContainerTools, "supplies">,
  engine: Engine,
  id: string,
  runId: string,
): Promise<Facts> {
  const known = await readFacts(engine, id, runId);
  const { doc, image, subject } = known;
  const consumers = consumersOf(doc, image, (folder) => supplies.mayHold(folder));
  return { ...known, subject: withSupplied(subject, consumers, doc, supplies.index.read()) };
}

/** The subject under its name in the plan: after the swap the old container has another name. */
export function asPlanned(subject: DeliverySubject, unit: string, runId: string): DeliverySubject {
  return { ...subject, id: containerUnit(unit, runId), consumer: `container:${unit}` };
}
