import type { SubjectError } from "../core/scan.ts";
import { filterGroups, withFacets } from "./filter.ts";
import type { SecretGroup } from "./groups.ts";
import { NO_HISTORY, type RunHistory } from "./history.ts";
import { last, once } from "./last.ts";
import { GROUPINGS, sectionsOf, type Grouping, type Section } from "./sections.ts";
import { sortedBy } from "./sorting.ts";
import type { TuiState } from "./state.ts";
import { countText } from "./widgets/bar.ts";

/**
 * A row of the list: a secret, the heading of those under it, the old copies that runs keep, or something that could
 * not be read.
 */
export type ListItem =
  | { readonly kind: "group"; readonly key: string; readonly group: SecretGroup }
  | { readonly kind: "section"; readonly key: string; readonly section: Section; readonly folded: boolean }
  | { readonly kind: "kept"; readonly key: string; readonly copies: number }
  | { readonly kind: "unread"; readonly key: string; readonly error: SubjectError & { readonly source: string } };

type ItemList = {
  readonly items: readonly ListItem[];
  /** How many secrets are among them; one under two headings counts once. */
  readonly secrets: () => number;
  /** How many rows are secrets, and how many of them are at or above each row. */
  readonly counted: () => readonly number[];
  /** Places by key; made on first need, which typing a filter does not have. */
  readonly at: () => ReadonlyMap<string, number>;
};

/** All rows of the list. Rebuilt only if their inputs have changed: moving the selection does not. */
export function itemsOf(state: TuiState): readonly ListItem[] {
  return shownOf(state).items;
}

/** How many secrets the filter and the facets leave. */
export function shownSecrets(state: TuiState): number {
  return shownOf(state).secrets();
}

/** Which secret's row is selected, and of how many; a heading counts as the one above it. */
export function positionOf(state: TuiState): { readonly at: number; readonly count: number } {
  const { items, counted } = shownOf(state);
  const counts = counted();
  return { at: counts[selectedAt(state, items)] ?? 0, count: counts.at(-1) ?? 0 };
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
      ? state.selected !== null && at().get(state.selected)
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
  const began = at().get(state.range);
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
    for (const { title, groups } of made) {
      const left = withFacets(filterGroups(groups, filter), facets);
      if (left.length === 0) continue;
      if (headed) {
        const key = `section:${title}`;
        items.push({ kind: "section", key, section: { title, groups: left }, folded: folded.has(key) });
        if (folded.has(key)) continue;
      }
      for (const group of left) {
        items.push({
          kind: "group",
          key: headed ? `${title}\0${group.fingerprint}` : group.fingerprint,
          group,
        });
      }
    }
    if (copies > 0 && items.length > 0 && filter === "" && facets.size === 0)
      items.push({ kind: "kept", key: "kept", copies });
    // Unreadable subjects are never filtered away.
    for (const [at, error] of unread.entries()) items.push({ kind: "unread", key: `unread:${at}`, error });
    const prints = (): string[] =>
      items.flatMap((item) => (item.kind === "section" || item.kind === "group" ? secretsOf(item) : []));
    return {
      items,
      secrets: once(() => new Set(prints()).size),
      counted: once(() => {
        let count = 0;
        return items.map(({ kind }) => (kind === "group" ? ++count : count));
      }),
      at: once(() => new Map(items.map(({ key }, at) => [key, at]))),
    };
  },
);

function shownOf(state: TuiState): ItemList {
  const { scan, grouping, sort, filter, facets, folded } = state;
  const made = sorted(sections(state, grouping), sort);
  const copies = scan.report?.summary.kept ?? 0;
  return shown(made, scan.unread, filter, facets, grouping !== "secret", folded, copies);
}
