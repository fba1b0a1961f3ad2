import type { SubjectError } from "../core/scan.ts";
import { filterGroups, withFacets } from "./filter.ts";
import type { SecretGroup } from "./groups.ts";
import { NO_HISTORY, type RunHistory } from "./history.ts";
import { last, once } from "./last.ts";
import { GROUPINGS, sectionsOf, type Grouping, type Section } from "./sections.ts";
import type { TuiState } from "./state.ts";
import { countText } from "./widgets/bar.ts";

/** A row of the list: a secret, the heading of those under it, or something that could not be read. */
export type ListItem =
  | { readonly kind: "group"; readonly key: string; readonly group: SecretGroup }
  | { readonly kind: "section"; readonly key: string; readonly section: Section }
  | { readonly kind: "unread"; readonly key: string; readonly error: SubjectError & { readonly source: string } };

type ItemList = {
  readonly items: readonly ListItem[];
  /** How many secrets are among them; one under two headings counts once. */
  readonly secrets: () => number;
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

/** Prepares what the first change to this grouping needs. */
export function prepareGrouping(state: TuiState, grouping: Grouping): void {
  sections(state, grouping);
}

/** The index of the selected item; the first if it no longer exists. */
export function selectedAt(state: TuiState, items: readonly ListItem[]): number {
  const { at, items: now } = shownOf(state);
  if (items === now) return (state.selected === null ? undefined : at().get(state.selected)) ?? 0;
  return Math.max(
    0,
    items.findIndex(({ key }) => key === state.selected),
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

const shown = last(
  (
    made: readonly Section[],
    unread: TuiState["scan"]["unread"],
    filter: string,
    facets: ReadonlySet<string>,
    headed: boolean,
  ): ItemList => {
    const items: ListItem[] = [];
    for (const { title, groups } of made) {
      const left = withFacets(filterGroups(groups, filter), facets);
      if (left.length === 0) continue;
      if (headed) items.push({ kind: "section", key: `section:${title}`, section: { title, groups: left } });
      for (const group of left) {
        items.push({
          kind: "group",
          key: headed ? `${title}\0${group.fingerprint}` : group.fingerprint,
          group,
        });
      }
    }
    // Unreadable subjects are never filtered away.
    for (const [at, error] of unread.entries()) items.push({ kind: "unread", key: `unread:${at}`, error });
    const prints = (): string[] => items.flatMap((item) => (item.kind === "group" ? item.group.fingerprint : []));
    return {
      items,
      secrets: once(() => new Set(prints()).size),
      at: once(() => new Map(items.map(({ key }, at) => [key, at]))),
    };
  },
);

function shownOf(state: TuiState): ItemList {
  const { scan, grouping, filter, facets } = state;
  return shown(sections(state, grouping), scan.unread, filter, facets, grouping !== "secret");
}
