import { createHash, randomBytes } from "node:crypto";

/** `npm run test:deep`: everything, however long it takes. The other tiers draw samples and trust records of proofs. */
export const DEEP = process.env["UNSPRAWL_DEEP"] === "1";

/** What `npm test` draws by: a clone has the same cases and values on every machine and day. */
const USUAL = "unsprawl";

/**
 * All that is drawn follows from this. A deep run draws anew; `UNSPRAWL_DRAW` draws as that run did. It stands in the
 * environment for the workers, which vitest's own process, the first to load this, starts with it.
 */
const DRAW = (process.env["UNSPRAWL_DRAW"] ??= DEEP ? randomBytes(4).toString("hex") : USUAL);

/** How to draw as this run; null if every run does. */
export const REPEAT = DRAW === USUAL ? null : `UNSPRAWL_DRAW=${DRAW}`;

/** For what is made up from a number. */
export const SEED = createHash("sha256").update(DRAW).digest().readUInt32BE() >>> 1;

/**
 * `count` of these, drawn and in their order; all of them in a deep run. For cases that are of one kind: the title of a
 * test, or the message of what fails, says which. What is drawn of the same number of items `apart` is drawn apart.
 */
export function sample<Item>(items: readonly Item[], count: number, apart = ""): Item[] {
  if (DEEP || count >= items.length) return [...items];
  const rank = (at: number): string =>
    createHash("sha256").update([DRAW, items.length, count, at, apart].join()).digest("hex");
  const ranks = [...items.keys()].map(rank);
  const drawn = new Set(ranks.toSorted().slice(0, count));
  return items.filter((_item, at) => drawn.has(ranks[at] ?? ""));
}
