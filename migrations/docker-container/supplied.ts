import type { Delivery, DeliverySubject, Owner, RunChange } from "../../src/contract/delivery.ts";
import type { FoundConsumers } from "../../src/contract/supplies.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import type { Move, StoreTarget } from "../../src/model/plan.ts";

/**
 * The subject with what earlier migrations deliver to it. `known` are this host's consumers, which know their stores.
 */
export function withSupplied(
  subject: DeliverySubject,
  { consumers }: FoundConsumers,
  doc: ContainerDoc,
  known: readonly Consumer[],
): DeliverySubject {
  const supplied = consumers.map((consumer) => ({
    consumer: { ...consumer, stores: known.find(({ folder }) => folder === consumer.folder)?.stores ?? [] },
    target: doc.Mounts?.find(({ Source }) => Source === consumer.folder)?.Destination ?? "",
  }));
  return { ...subject, supplied };
}

/** The delivery's change with the labels from which the files can be written again. */
export async function labelledChange(
  delivery: Delivery,
  subject: DeliverySubject,
  moves: readonly Move[],
  store: StoreTarget,
): Promise<RunChange> {
  const owner: Owner | null = await delivery.owner(subject);
  return { ...delivery.change(subject, moves, owner), labels: labelsFor(moves, delivery.name, store.name, owner) };
}
