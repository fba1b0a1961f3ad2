import { createHash } from "node:crypto";

/** `npm run test:deep`: everything, however long it takes. The other tiers draw samples and trust records of proofs. */
export const DEEP = process.env["UNSPRAWL_DEEP"] === "1";

/** What is drawn changes with the day: a failure comes again when the tests do, and each case has its turn. */
const DAY = process.env["UNSPRAWL_DRAW"] ?? new Date().toISOString().slice(0, 10);

/** For what fast-check makes, also the same for a day; `null` in a deep run, where each has a seed of its own. */
export const SEED = DEEP ? null : createHash("sha256").update(DAY).digest().readInt32BE();

/**
 * `count` of these, drawn and in their order; all of them in a deep run. For cases that are of one kind: each day has some
 * of them, and the title of a test, or the message of what fails, says which. `UNSPRAWL_DRAW=2026-01-31` draws as that day.
 */
export function sample<Item>(items: readonly Item[], count: number): Item[] {
  if (DEEP || count >= items.length) return [...items];
  const rank = (at: number): string => createHash("sha256").update([DAY, items.length, count, at].join()).digest("hex");
  const ranks = [...items.keys()].map(rank);
  const drawn = new Set(ranks.toSorted().slice(0, count));
  return items.filter((_item, at) => drawn.has(ranks[at] ?? ""));
}
