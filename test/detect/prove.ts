// `npm run prove`: proves that each expression of the product is harmless, and records it in proven.json. Minutes.
import { readFileSync, writeFileSync } from "node:fs";
import { claims, keyOf, RECORD } from "./linear-claims.ts";
import { objection } from "./linear-proof.ts";

const old = JSON.parse(readFileSync(RECORD, "utf8")) as { readonly [key: string]: string };
const found = new Map<string, string>();
let failed = false;
for (const claim of claims()) {
  const key = keyOf(claim);
  if (found.has(key)) continue;
  const why = old[key] === undefined ? objection(claim) : null;
  const { place, source, flags } = claim.pattern;
  if (why === null)
    found.set(key, `${place}: ${claim.longest === null ? "any text" : `up to ${claim.longest} characters`}`);
  else process.stderr.write(`${place} /${source}/${flags} ${why}\n`);
  failed ||= why !== null;
}
const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(RECORD, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
process.stdout.write(`${sorted.length} proofs in ${RECORD}\n`);
if (failed) process.exitCode = 1;
