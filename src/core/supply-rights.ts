import { bare, cmd } from "../kit/shell.ts";
import type { Consumer, SuppliedValue } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import { supplyKey, type SupplyTools } from "./supply.ts";

type RightsTools = Omit<SupplyTools, "write">;

/** The consumers that may be served, and why others are not. */
export type OwnConsumers = { readonly consumers: readonly Consumer[]; readonly refused: readonly UnsprawlError[] };

/**
 * Of consumers that labels and Compose files describe, those that may be served without a person naming them. Whoever
 * writes a label or a file could name any secret that unsprawl can read: a reference counts only if this host's index has
 * it for this consumer, or if its path in the store is the consumer's (`apps/{project/}{subject}`). A folder belongs to
 * the consumer that the index has for it.
 */
export async function ownConsumers(
  found: readonly Consumer[],
  known: readonly Consumer[],
  tools: RightsTools,
): Promise<OwnConsumers> {
  const { consumers: mine, refused } = inOwnFolders(found, known);
  const consumers: Consumer[] = [];
  const foreign: UnsprawlError[] = [];
  for (const one of mine) {
    const error = await foreignValue(one, known, tools);
    if (error === null) consumers.push(one);
    else foreign.push(error);
  }
  return { consumers, refused: [...refused, ...foreign] };
}

/** The same for consumers that a person has named: what they ask for counts, and the folders of others stay theirs. */
export function inOwnFolders(found: readonly Consumer[], known: readonly Consumer[]): OwnConsumers {
  const consumers: Consumer[] = [];
  const refused: UnsprawlError[] = [];
  for (const one of found) {
    const holder = [...known, ...found].find(({ id, folder }) => folder === one.folder && id !== one.id);
    if (holder === undefined) consumers.push(one);
    // A run line's container has what the index has for the line.
    else if (!one.values.every((value) => hasValue(holder, value))) refused.push(otherFolder(one, holder));
  }
  return { consumers, refused };
}

async function foreignValue(
  one: Consumer,
  known: readonly Consumer[],
  tools: RightsTools,
): Promise<UnsprawlError | null> {
  const before = known.filter(({ id }) => id === one.id);
  for (const value of one.values) {
    if (before.some((own) => hasValue(own, value)) || (await isOwnPath(one, value, tools))) continue;
    return new UnsprawlError(
      "refused",
      `${one.id} asks for ${value.reference}, which no migration on this host gave it`,
      cmd`${bare(renderCommand(one))}, if it may have it`,
    );
  }
  return null;
}

/** Whether the path of a value in its store names this very consumer. */
async function isOwnPath(one: Consumer, value: SuppliedValue, tools: RightsTools): Promise<boolean> {
  const [, project = "", subject = ""] = /^(?:container:|compose:([^/]+)\/)([^/]+)$/.exec(one.id) ?? [];
  try {
    // Without what came along with the run configuration: that is the author's word too.
    const place = await supplyKey(value, { ...one, stores: [] }, tools);
    const names = place?.provider.names(place.key);
    return names !== undefined && subject !== "" && names.subject === subject && names.project === project;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code !== "interrupted") return false;
    throw error;
  }
}

const hasValue = ({ values }: Consumer, { name, reference }: SuppliedValue): boolean =>
  values.some((own) => own.name === name && own.reference === reference);

function otherFolder({ id, folder }: Consumer, holder: Consumer): UnsprawlError {
  return new UnsprawlError("refused", `${id}: ${folder} is the folder of ${holder.id}`, "unsprawl doctor");
}

function renderCommand({ id, origin }: Consumer): string {
  if (id.startsWith("container:")) return cmd`unsprawl render docker:${id.slice("container:".length)}`;
  return cmd`unsprawl render compose:${origin ?? "FILE"}`;
}
