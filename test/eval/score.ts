import type { Row } from "./tools/row.ts";

/** One scanner's answer: the ids of the rows that it flagged. */
export type Answer = { readonly scanner: string; readonly how: string; readonly flagged: ReadonlySet<string> };

/** What a scanner made of one group of rows: `wrong` is missed secrets, or false alarms where all are clean. */
export type Group = { readonly n: number; readonly wrong: number };

export type Score = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly missed: number;
  readonly alarms: number;
  /** By kind; a kind is all secret or all clean. */
  readonly kinds: { readonly [kind: string]: Group };
  readonly places: { readonly [where: string]: { readonly missed: Group; readonly alarms: Group } };
};

export function score(rows: readonly Row[], flagged: ReadonlySet<string>): Score {
  const secrets = rows.filter((row) => row.secret);
  const clean = rows.filter((row) => !row.secret);
  const missed = group(secrets, flagged).wrong;
  const alarms = group(clean, flagged).wrong;
  const found = secrets.length - missed;
  const precision = found + alarms === 0 ? 1 : found / (found + alarms);
  const recall = secrets.length === 0 ? 1 : found / secrets.length;
  return {
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    missed,
    alarms,
    kinds: by(
      rows,
      (row) => row.kind,
      (some) => group(some, flagged),
    ),
    places: by(
      rows,
      (row) => row.where,
      (some) => ({
        missed: group(
          some.filter((row) => row.secret),
          flagged,
        ),
        alarms: group(
          some.filter((row) => !row.secret),
          flagged,
        ),
      }),
    ),
  };
}

export function wrong(row: Row, flagged: ReadonlySet<string>): boolean {
  return row.secret !== flagged.has(row.id);
}

function group(rows: readonly Row[], flagged: ReadonlySet<string>): Group {
  return { n: rows.length, wrong: rows.filter((row) => wrong(row, flagged)).length };
}

function by<T>(
  rows: readonly Row[],
  key: (row: Row) => string,
  make: (rows: readonly Row[]) => T,
): { [key: string]: T } {
  const groups = Map.groupBy(rows, key);
  return Object.fromEntries(
    [...groups].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, some]) => [name, make(some)]),
  );
}
