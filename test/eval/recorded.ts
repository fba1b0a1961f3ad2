import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { classify } from "./detector.ts";
import { generate } from "./generate.ts";
import { score, type Group } from "./score.ts";
import { percent } from "./table.ts";

const FILE = new URL("recorded.json", import.meta.url);

/** The seeds whose figures are kept: the same rows every time, so that a fall is a fall of the detector. */
const SEEDS = [11, 22, 33, 44, 55];

/** Figures without rows. `rows` is a digest of the set, by which a changed generator is told from a changed detector. */
export type Record = {
  readonly seeds: readonly number[];
  readonly rows: string;
  readonly precision: number;
  readonly recall: number;
  readonly kinds: { readonly [kind: string]: Group };
};

/** The figures of today over the fixed seeds taken together. */
export function measure(dist: boolean): Record {
  const rows = SEEDS.flatMap((seed) => generate(seed).map((row) => ({ ...row, id: `${seed}-${row.id}` })));
  const { precision, recall, kinds } = score(rows, classify(rows, dist).flagged);
  const sum = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  return { seeds: SEEDS, rows: sum, precision: round(precision), recall: round(recall), kinds };
}

export function lastRecord(): Record | null {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Record) : null;
}

export function writeRecord(record: Record): void {
  writeFileSync(FILE, `${JSON.stringify(record, null, 2)}\n`);
}

/** What is worse, and what is better, than recorded: one sentence each. */
export function compare(now: Record, then: Record | null): string[] {
  if (then === null) return ["nothing recorded yet; next: npm run eval -- --record"];
  const lines = [...figure("precision", now.precision, then.precision), ...figure("recall", now.recall, then.recall)];
  if (now.rows !== then.rows) lines.push("the rows of the fixed seeds are others than recorded: the generator changed");
  for (const [kind, { n, wrong }] of Object.entries(now.kinds)) {
    const before = then.kinds[kind];
    if (before === undefined) lines.push(`new kind ${kind}: ${wrong} of ${n} wrong`);
    else if (wrong / n > before.wrong / before.n)
      lines.push(`fell: ${kind}, ${wrong} of ${n} wrong, was ${before.wrong} of ${before.n}`);
    else if (wrong / n < before.wrong / before.n)
      lines.push(`rose: ${kind}, ${wrong} of ${n} wrong, was ${before.wrong} of ${before.n}`);
  }
  return lines.length === 0 ? ["as recorded"] : lines;
}

function figure(name: string, now: number, then: number): string[] {
  if (now === then) return [];
  return [`${now < then ? "fell" : "rose"}: ${name} ${percent(now)}, was ${percent(then)}`];
}

function round(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}
