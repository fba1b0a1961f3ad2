import type { Delivery, DeliverySubject, Owner, RunChange } from "../../src/contract/delivery.ts";
import type { FoundConsumers, Supplies } from "../../src/contract/supplies.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Move, StoreTarget } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";

/** The subject with what earlier migrations deliver to it. `known` are this host's consumers, which know their stores. */
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
  return { ...delivery.change(subject, moves), labels: labelsFor(moves, delivery.name, store.name, owner) };
}

/**
 * The values of a new folder: those that move, and those that the folder before it has. Throws `absent` when a file of
 * that one is missing, as after a boot.
 */
export function folderValues(
  { values, id }: Consumer,
  subject: DeliverySubject,
  moved: ReadonlyMap<string, Secret>,
  supplies: Supplies,
): Map<string, Secret> {
  const all = new Map(moved);
  const folders = (subject.supplied ?? []).map(({ consumer }) => consumer);
  for (const { name } of values.filter((one) => !all.has(one.name))) {
    const before = folders.find((one) => one.values.some((value) => value.name === name));
    const value = before === undefined ? null : supplies.read(before.folder, name);
    if (value === null)
      throw new UnsprawlError(
        "absent",
        `the file of ${name}, which an earlier run moved, is not on this host`,
        cmd`unsprawl render docker:${id.replace(/^container:/, "")}`,
      );
    all.set(name, value);
  }
  return all;
}
