/*
 * What makes a finding in a text none: rows of data as the rules are, each with an id by which it is explained and switched
 * off, the reason in words, an example and a counter-example. A row stays only as long as it decides something on the
 * labelled files (`npm run eval -- --real`) or guards against something costly that its reason names.
 */
import { COMPUTED } from "./computed.ts";
import { compileRow, type Dismissal, type DismissalQuestion, type DismissalRow } from "./row.ts";
import { valueDismissals, type ValueDismissal } from "./values.ts";
import rows from "./text.json" with { type: "json" };

export type { Dismissal } from "./row.ts";

export const dismissals: readonly Dismissal[] = Object.entries(rows as { readonly [id: string]: DismissalRow }).map(
  ([id, row]) => compileRow(id, row, COMPUTED[id]),
);

/** Those of values too: what `rules` lists, and what can be switched off. */
export const dismissalRows: readonly (Dismissal | ValueDismissal)[] = [...dismissals, ...valueDismissals];

const byId = new Map(dismissals.map((row) => [row.id, row]));

export function dismissalById(id: string): Dismissal | null {
  return byId.get(id) ?? null;
}

const asked = Map.groupBy(
  dismissals.flatMap((row) => row.of.map((of) => ({ of, row }))),
  ({ of }) => of,
);

/** The first row that dismisses this, else the first that leaves a doubt; rows in `off` are passed over. */
export function rowFor(
  kinds: readonly DismissalRow["of"][number][],
  question: DismissalQuestion,
  off: ReadonlySet<string>,
): Dismissal | null {
  let doubt: Dismissal | null = null;
  for (const kind of kinds)
    for (const { row } of asked.get(kind) ?? []) {
      if ((row.score !== undefined && doubt !== null) || off.has(row.id) || !row.applies(question)) continue;
      if (row.score === undefined) return row;
      doubt = row;
    }
  return doubt;
}
