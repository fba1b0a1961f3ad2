import pMap from "p-map";
import type { Detector } from "../contract/detector.ts";
import type { Provider } from "../contract/provider.ts";
import type { DoneMove } from "../core/moved.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type RotatedEntry, type StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { StoredEntry } from "./types.ts";

const AT_ONCE = 8;

/** What the store has now of these moved values; those that it has no more are left out. */
export async function storedEntries(
  moved: readonly DoneMove[],
  provider: Provider,
  detector: Detector,
): Promise<readonly StoredEntry[]> {
  const read = async ({ move, plan }: DoneMove): Promise<StoredEntry | null> => {
    const stored = await provider.get(move.key);
    if (stored === null) return null;
    const { name, location } = move;
    const question = { name, value: stored.value, where: location.where, path: location.path };
    const unit = plan.steps.find((step) => step.kind === "put" && step.move === move)?.unit ?? "";
    return { move, unit, value: stored.value, part: detector.part(question) ?? stored.value };
  };
  const all = await pMap(moved, read, { concurrency: AT_ONCE });
  return all.filter((one) => one !== null);
}

/** Where a run keeps something beside an entry: the new secret (`next`), or the whole value as it was (`before`). */
export function keyBeside({ path, field }: StoreKey, what: "next" | "before", runId: string): StoreKey {
  // Letters, digits and dashes are valid in the names of every store.
  if (field === "") return { path: `${path}-${what}-${runId}`, field: "" };
  return { path, field: `${field}.${what}-${runId}` };
}

/** Writes a value where nothing is, or the same. Throws `conflict` for another one. */
export async function keepBeside(
  provider: Provider,
  key: StoreKey,
  value: Secret,
  origin: Parameters<Provider["put"]>[3],
): Promise<void> {
  const there = await provider.get(key);
  if (there?.value.equals(value) === true) return;
  await provider.put(key, value, null, origin);
  const stored = await provider.get(key);
  if (stored?.value.equals(value) !== true)
    throw new UnsprawlError("changed", `${storeKeyText(key)} does not hold the bytes that were written`);
}

/**
 * Writes an entry by check-and-set, from one value to another. Idempotent. Throws `changed` if it holds neither: somebody has
 * written it since.
 */
export async function exchange(
  provider: Provider,
  { name, key, reference }: RotatedEntry,
  { from, to }: { readonly from: Secret; readonly to: Secret },
  origin: Parameters<Provider["put"]>[3],
): Promise<void> {
  const stored = await provider.get(key);
  if (stored?.value.equals(to) === true) return;
  if (stored?.value.equals(from) !== true)
    throw new UnsprawlError("changed", `somebody has written ${name} in the store meanwhile`, "unsprawl rotate again");
  await provider.put(key, to, stored.version, { ...origin, name });
  const now = await provider.get(key);
  if (now?.value.equals(to) === true) return;
  throw new UnsprawlError("changed", `${reference} does not hold the bytes that were written`);
}
