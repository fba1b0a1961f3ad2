import type { SubjectError } from "../core/scan.ts";
import type { SecretGroup } from "./groups.ts";
import { NO_HISTORY, type RunHistory } from "./history.ts";
import { last, once } from "./last.ts";
import { remainingRows } from "./remaining.ts";
import { isPart, sectionsOf, type Section } from "./sections.ts";
import { sortedBy } from "./sorting.ts";
import type { TuiState } from "./state.ts";
import { countText } from "./widgets/bar.ts";
import { type Grouping, GROUPINGS } from "./where.ts";

/**
 * A row of the list: a secret, the heading of those under it, the old copies that runs keep, or something that could
 * not be read.
 */
export type ListItem =
  | GroupRow
  | { readonly kind: "section"; readonly key: string; readonly section: Section; readonly folded: boolean }
  | { readonly kind: "kept"; readonly key: string; readonly copies: number }
  | { readonly kind: "unread"; readonly key: string; readonly error: SubjectError & { readonly source: string } };

type GroupRow = { readonly kind: "group"; readonly key: string; readonly group: SecretGroup };

type ItemList = {
  readonly items: readonly ListItem[];
  /** The secrets among them, by fingerprint; one under two headings counts once. */
  readonly prints: () => ReadonlySet<string>;
  /** How many these are: counted without their set, which takes longer to make than a frame may. */
  readonly secrets: () => number;
  /** How many rows are secrets, and how many of them are at or above each row. */
  readonly counted: () => readonly number[];
  /** The index of the row with this key. */
  readonly at: (key: string) => number | undefined;
};

/** All rows of the list. Rebuilt only if their inputs have changed: moving the selection does not. */
export function itemsOf(state: TuiState): readonly ListItem[] {
  return shownOf(state).items;
}

/** How many secrets the filter and the facets leave. */
export function shownSecrets(state: TuiState): number {
  return shownOf(state).secrets();
}

/** The secrets that the filter and the facets leave, by fingerprint. */
export function shownPrints(state: TuiState): ReadonlySet<string> {
  return shownOf(state).prints();
}

/** How many rows the list has without a filter, and with nothing folded: what is divided by it stays where it is. */
export function unfilteredRows(state: TuiState): number {
  const { scan, grouping } = state;
  const kept = (scan.report?.summary.kept ?? 0) > 0 ? 1 : 0;
  return rowCount(sections(state, grouping), grouping !== "secret") + kept + scan.unread.length;
}

const rowCount = last((made: readonly Section[], headed: boolean): number =>
  made.reduce((sum, { groups }) => sum + groups.length + (headed ? 1 : 0), 0),
);

/** Which secret's row is selected, null for another row such as a heading, and of how many. */
export function positionOf(state: TuiState): { readonly at: number | null; readonly count: number } {
  const { items, counted } = shownOf(state);
  const counts = counted();
  const at = selectedAt(state, items);
  return { at: items[at]?.kind === "group" ? (counts[at] ?? 0) : null, count: counts.at(-1) ?? 0 };
}

/** Prepares what the first change to this grouping needs. */
export function prepareGrouping(state: TuiState, grouping: Grouping): void {
  sections(state, grouping);
}

/** The index of the selected item; the first secret if it no longer exists. */
export function selectedAt(state: TuiState, items: readonly ListItem[]): number {
  const { at, items: now } = shownOf(state);
  const known =
    items === now
      ? state.selected !== null && at(state.selected)
      : items.findIndex(({ key }) => key === state.selected);
  if (typeof known === "number" && known >= 0) return known;
  return Math.max(
    0,
    items.findIndex(({ kind }) => kind === "group"),
  );
}

export function selectedItem(state: TuiState): ListItem | undefined {
  const items = itemsOf(state);
  return items[selectedAt(state, items)];
}

/** The secrets of a row, by fingerprint: one, all under a heading, or none. */
export function secretsOf(item: ListItem | undefined): readonly string[] {
  if (item?.kind === "group") return [item.group.fingerprint];
  return item?.kind === "section" ? item.section.groups.map(({ fingerprint }) => fingerprint) : [];
}

/** The secrets of these rows, each once. */
export function printsOf(items: readonly ListItem[]): ReadonlySet<string> {
  const prints = new Set<string>();
  for (const item of items)
    if (item.kind === "group") prints.add(item.group.fingerprint);
    else if (item.kind === "section") for (const { fingerprint } of item.section.groups) prints.add(fingerprint);
  return prints;
}

/** How many secrets these rows are: only those with places under several headings can be there twice. */
function countSecrets(items: readonly ListItem[]): number {
  const parts = new Set<string>();
  let count = 0;
  const add = (group: SecretGroup): void => {
    if (isPart(group)) parts.add(group.fingerprint);
    else count++;
  };
  for (const item of items)
    if (item.kind === "group") add(item.group);
    else if (item.kind === "section") for (const group of item.section.groups) add(group);
  return count + parts.size;
}

/** What `m` and `d` act on: the marked secrets, else the selected one or all under the selected heading. */
export function wantedOf(state: TuiState): ReadonlySet<string> {
  return state.marked.size > 0 ? state.marked : new Set(secretsOf(selectedItem(state)));
}

/** How many secrets are wanted, as text. */
export function wantedText({ scan, wanted }: TuiState): string {
  const places = scan.hits.filter(({ finding }) => wanted.has(finding.fingerprint)).length;
  return `${countText(wanted.size, "secret")} in ${countText(places, "place")}`;
}

/** The rows from the beginning of a range of marks to the selected one; null if there is no range. */
export function rangeOf(state: TuiState): { readonly from: number; readonly to: number } | null {
  if (state.range === null) return null;
  const { items, at } = shownOf(state);
  const began = at(state.range);
  const here = selectedAt(state, items);
  return began === undefined ? null : { from: Math.min(began, here), to: Math.max(began, here) };
}

/** Every grouping of the findings, each built when it is first needed. */
const groupings = last(
  (groups: readonly SecretGroup[]) =>
    new Map(
      GROUPINGS.map((grouping) => [grouping, last((history: RunHistory) => sectionsOf(groups, grouping, history))]),
    ),
);

function sections({ scan, history }: TuiState, grouping: Grouping): readonly Section[] {
  // The history of runs is loaded late, and only the grouping by store depends on it.
  const known = grouping === "store" ? history : NO_HISTORY;
  return groupings(scan.groups).get(grouping)?.(known) ?? [];
}

const sorted = last(sortedBy);

const shown = last(
  (
    made: readonly Section[],
    unread: TuiState["scan"]["unread"],
    filter: string,
    facets: ReadonlySet<string>,
    headed: boolean,
    folded: ReadonlySet<string>,
    copies: number,
  ): ItemList => {
    const items: ListItem[] = [];
    const narrowed = filter !== "" || facets.size > 0;
    const parts = partsOf(made, headed);
    for (const { head: section, rows } of narrowed ? remaining(parts, facets)(filter) : parts) {
      if (headed) {
        const key = `section:${section.title}`;
        const head = narrowed ? { title: section.title, groups: rows.map(({ group }) => group) } : section;
        items.push({ kind: "section", key, section: head, folded: folded.has(key) });
        if (folded.has(key)) continue;
      }
      for (const row of rows) items.push(row);
    }
    if (copies > 0 && items.length > 0 && !narrowed) items.push({ kind: "kept", key: "kept", copies });
    // Unreadable subjects are never filtered away.
    for (const [at, error] of unread.entries()) items.push({ kind: "unread", key: `unread:${at}`, error });
    const countedRows = (): readonly ListItem[] => items.filter((item) => item.kind !== "section" || item.folded);
    return {
      items,
      secrets: once(() => countSecrets(countedRows())),
      prints: once(() => printsOf(countedRows())),
      counted: once(() => {
        let count = 0;
        return items.map(({ kind }) => (kind === "group" ? ++count : count));
      }),
      at: finder(items),
    };
  },
);

/** All rows under their headings. */
const partsOf = last((made: readonly Section[], headed: boolean) =>
  made.map((section) => ({ head: section, rows: rowsOf(section, headed) })),
);

const remaining = last(remainingRows<Section, GroupRow>);

/** The rows of a section's secrets; made once, as neither a filter nor folding changes them. */
function rowsOf(section: Section, headed: boolean): readonly GroupRow[] {
  const made = rowsMade.get(section);
  if (made !== undefined) return made;
  const rows = section.groups.map((group): GroupRow => {
    const key = headed ? `${section.title}\0${group.fingerprint}` : group.fingerprint;
    return { kind: "group", key, group };
  });
  rowsMade.set(section, rows);
  return rows;
}

const rowsMade = new WeakMap<Section, readonly GroupRow[]>();

/** How far above the newest place a search begins: most keys move the selection by less. */
const NEAR = 1000;

/** Finds rows by key without a map of all keys, which takes longer to make than a frame may. */
function finder(items: readonly ListItem[]): (key: string) => number | undefined {
  let newest: { readonly key: string; readonly at: number | undefined } | null = null;
  return (key) => {
    if (newest?.key !== key) newest = { key, at: indexOf(items, key, Math.max(0, (newest?.at ?? 0) - NEAR)) };
    return newest.at;
  };
}

/** The index of the row with this key, looked for from `from` on and then before it. */
function indexOf(items: readonly ListItem[], key: string, from: number): number | undefined {
  // A fingerprint is compared faster than a key, which is put together only when it is looked at.
  const print = key.slice(key.indexOf("\0") + 1);
  for (let step = 0; step < items.length; step++) {
    const at = (from + step) % items.length;
    const item = items[at] as ListItem;
    if ((item.kind !== "group" || item.group.fingerprint === print) && item.key === key) return at;
  }
  return undefined;
}

function shownOf(state: TuiState): ItemList {
  const { scan, grouping, sort, filter, facets, folded } = state;
  const made = sorted(sections(state, grouping), sort);
  const copies = scan.report?.summary.kept ?? 0;
  return shown(made, scan.unread, filter, facets, grouping !== "secret", folded, copies);
}
