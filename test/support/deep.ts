import { randomInt } from "node:crypto";

/** `npm run test:deep`: everything, however long it takes. The other tiers draw samples and trust records of proofs. */
export const DEEP = process.env["UNSPRAWL_DEEP"] === "1";

/**
 * `count` of these, drawn and in their order; all of them in a deep run. For cases that are of one kind: each run has some
 * of them, and the title of a test, or the message of what fails, says which.
 */
export function sample<Item>(items: readonly Item[], count: number): Item[] {
  if (DEEP) return [...items];
  const left = [...items.keys()];
  while (left.length > count) left.splice(randomInt(left.length), 1);
  return left.flatMap((at) => items.slice(at, at + 1));
}
