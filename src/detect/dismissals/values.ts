import { cleared, type Cleared } from "../cleared.ts";
import type { NameInfo } from "../names/names.ts";
import { VALUE_COMPUTED } from "./value-computed.ts";
import { compileValueRow, unionsOf, type ValuePhase, type ValueDismissal, type ValueRow } from "./value-row.ts";
import rows from "./values.json" with { type: "json" };

/** The rows by which a value is no secret whatever stands around it, in the order in which they are asked. */
export const valueDismissals: readonly ValueDismissal[] = Object.entries(
  rows as { readonly [id: string]: ValueRow },
).map(([id, row]) => compileValueRow(id, row, VALUE_COMPUTED[id]));

const verdicts: ReadonlyMap<string, Cleared> = new Map(
  valueDismissals.map(({ id, rule, why }) => [id, cleared(rule, `${why} (${id})`)]),
);

type Family = NameInfo["family"];
type AskedRows = { readonly all: readonly ValueDismissal[]; readonly noDigit: readonly ValueDismissal[] };

const asked = new Map<ValuePhase, Map<Family, AskedRows>>();

/** The first row of this phase that dismisses a value; rows in `off` are passed over. */
export function dismissedAs(phase: ValuePhase, text: string, name: NameInfo, off: ReadonlySet<string>): Cleared | null {
  const { all, noDigit } = askedOf(phase, name.family);
  for (const row of startsWithDigit(text) ? all : noDigit)
    if (row.applies(text, name) && !off.has(row.id)) return verdicts.get(row.id) ?? null;
  return null;
}

function askedOf(phase: ValuePhase, family: Family): AskedRows {
  let byFamily = asked.get(phase);
  if (byFamily === undefined) asked.set(phase, (byFamily = new Map<Family, AskedRows>()));
  let found = byFamily.get(family);
  if (found === undefined) {
    const all = valueDismissals.filter((row) => row.in === phase && row.isOf(family));
    byFamily.set(family, (found = { all, noDigit: all.filter(({ begins }) => begins !== "digit") }));
  }
  return found;
}

function startsWithDigit(text: string): boolean {
  const first = text.charCodeAt(0);
  return first >= 48 && first <= 57;
}

export type { ValueDismissal } from "./value-row.ts";

const UNIONS = new Map<ValuePhase, readonly RegExp[]>(
  (["empty", "path", "reference", "ciphertext", "placeholder"] as const).map((phase) => [
    phase,
    unionsOf(valueDismissals.filter((row) => row.in === phase)),
  ]),
);

/** Whether a value has the form of any row of a phase: most have none, which one look finds out. */
export function hasForm(phase: ValuePhase, text: string): boolean {
  for (const union of UNIONS.get(phase) ?? []) if (union.test(text)) return true;
  return false;
}
