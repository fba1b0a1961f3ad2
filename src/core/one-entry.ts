import { statSync } from "node:fs";
import type { Migration } from "../contract/migration.ts";
import type { StoreEntry, Stored } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { valueKey, type Move, type Plan, type Step, type StoreTarget } from "../model/plan.ts";
import { isSameServer } from "./journal/uses.ts";

/**
 * Whether two names of an entry, each of a store that a person has configured, name one and the same: a server has several
 * addresses, a file several paths. `unknown` where nothing that the store says of the two entries tells them apart.
 */
export async function oneEntry(old: StoreEntry, other: StoreEntry): Promise<"one" | "two" | "unknown"> {
  if (old.key.field !== other.key.field) return "two";
  if (old.provider.inFiles === true || other.provider.inFiles === true)
    return old.provider.inFiles === other.provider.inFiles && isOneFile(old.key.path, other.key.path) ? "one" : "two";
  const [{ target }, { target: others }] = [old.provider, other.provider];
  if (target.provider !== others.provider) return "two";
  if (isSameServer(target, others) && valueKey(old) === valueKey(other)) return "one";
  const first = await old.provider.get(old.key);
  const seen = await other.provider.get(other.key);
  if (first === null || seen === null) return "two";
  if (!first.value.equals(seen.value)) return "two";
  if (isSameState(first, seen)) return "unknown";
  // Somebody may have written in between.
  const again = await old.provider.get(old.key);
  return again !== null && isSameState(first, again) ? "two" : "unknown";
}

const isSameState = (one: Stored, other: Stored): boolean =>
  one.version === other.version && one.written?.at === other.written?.at;

function isOneFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** The old entry of what moves from another store; null for what is anywhere else. */
export async function oldEntry(
  { location }: Pick<Move, "location">,
  unit: string,
  migration: Migration,
): Promise<StoreEntry | null> {
  return location.subject === "store" ? ((await migration.entry?.(location, unit)) ?? null) : null;
}

/** The stores that steps move values from, for a plan; nothing if there are none. */
export async function sourceStores(steps: readonly Step[], migration: Migration): Promise<Pick<Plan, "from">> {
  const from = new Map<string, StoreTarget>();
  for (const step of steps) {
    if (step.kind !== "put" || from.has(step.move.location.source)) continue;
    const entry = await oldEntry(step.move, step.unit, migration);
    if (entry !== null) from.set(step.move.location.source, entry.provider.target);
  }
  const targets = [...new Map([...from.values()].map((target) => [target.name, target])).values()];
  return targets.length === 0 ? {} : { from: targets };
}

/**
 * Throws `changed` if a store that the plan reads from is another one by now: what the same name and the same path lead to
 * there is not what was planned.
 */
export async function mustBeSameSources({ from = [], steps }: Plan, migration: Migration): Promise<void> {
  const open = new Set(from.map(({ name }) => name));
  for (const step of steps) {
    if (open.size === 0) return;
    if (step.kind !== "put") continue;
    const entry = await oldEntry(step.move, step.unit, migration);
    const target = entry?.provider.target;
    if (target === undefined || !open.delete(target.name)) continue;
    const planned = from.find(({ name }) => name === target.name);
    if (planned === undefined || isSameServer(planned, target)) continue;
    throw new UnsprawlError(
      "changed",
      `the store ${target.name} that values are moved from is not where it was when the plan was made`,
      "point it there again (its configuration, or the environment's variables), or: unsprawl plan again",
    );
  }
}
