import type { DeliverySubject } from "../contract/delivery.ts";
import type { Supplies } from "../contract/supplies.ts";
import { cmd } from "../kit/shell.ts";
import { containerOf, type Consumer } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";

/**
 * The values of a consumer's new folder: those that move, and those that the folder of an earlier migration has. Throws
 * `absent` if a file of that one is missing, as after a boot.
 */
export function folderValues(
  { values, id }: Consumer,
  supplied: NonNullable<DeliverySubject["supplied"]>,
  moved: ReadonlyMap<string, Secret>,
  supplies: Supplies,
): Map<string, Secret> {
  const all = new Map(moved);
  const container = containerOf({ id });
  for (const { name } of values.filter((one) => !all.has(one.name))) {
    const before = supplied.find(({ consumer }) => consumer.values.some((value) => value.name === name));
    const value = before === undefined ? null : supplies.read(before.consumer.folder, name);
    if (before !== undefined) mustBeKnown(before.consumer, name, supplies);
    if (value === null)
      throw new UnsprawlError(
        "absent",
        `the file of ${name}, which an earlier run moved, is not on this host`,
        container === null ? "unsprawl render --all" : cmd`unsprawl render docker:${container}`,
      );
    all.set(name, value);
  }
  return all;
}

/**
 * Labels alone do not say what a consumer may have: what a run takes over from them is in this host's index, where
 * `render` and the agent put it after looking whose it is.
 */
function mustBeKnown({ id, folder, values }: Consumer, name: string, { index }: Supplies): void {
  const value = values.find((one) => one.name === name);
  const known = index.read().filter((one) => one.folder === folder);
  if (known.some((one) => one.values.some((own) => own.name === name && own.reference === value?.reference))) return;
  const container = containerOf({ id });
  throw new UnsprawlError(
    "refused",
    `${id} has ${value?.reference ?? name} by its label alone, and no run or render of this host gave it`,
    container === null ? "unsprawl render --all" : cmd`unsprawl render docker:${container}`,
  );
}

/** The folders of these consumers that a unit of a run has: `id` is what its folder is called. */
export function foldersOf(consumers: readonly Consumer[], id: string): readonly string[] {
  return consumers.flatMap(({ folder }) => (folder.split("/").includes(id) ? [folder] : []));
}
