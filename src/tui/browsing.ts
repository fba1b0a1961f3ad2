import { facetsOf } from "./facets.ts";
import { itemsOf, printsOf, rangeOf, secretsOf, selectedAt, shownPrints, type ListItem } from "./items.ts";
import type { KeyAction } from "./keymap.ts";
import { SORTS } from "./sorting.ts";
import type { TerminalSession } from "./session.ts";
import { TABS, type TuiState, type Tab } from "./state.ts";
import { type Grouping, GROUPINGS } from "./where.ts";

const ACTIONS = [
  "mark",
  "markAll",
  "markSection",
  "range",
  "group",
  "sort",
  "fold",
  "foldAll",
  "facets",
  "toggle",
  "tab",
  "nextTab",
  "prevTab",
] as const satisfies readonly KeyAction[];

type Browsing = (typeof ACTIONS)[number];

export function isBrowsing(action: KeyAction): action is Browsing {
  return (ACTIONS as readonly KeyAction[]).includes(action);
}

/** Actions that change only what is shown or marked. `wide`: the details are visible too. */
export function act({ store }: TerminalSession, action: Browsing, key: string, wide: boolean): void {
  store.set((state) => {
    if (action === "mark") return mark(state);
    if (action === "markAll") return { marked: markedOrNot(state.marked, shownPrints(state)) };
    if (action === "markSection") return markSection(state);
    if (action === "range") return state.range === null ? { range: chosenKey(state) } : mark(state);
    if (action === "group") return grouped(state, next(state.grouping));
    if (action === "sort") return { sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? "severity" };
    if (action === "fold") return folded(state);
    if (action === "foldAll") return foldedAll(state);
    if (action === "facets") return { where: "facets", facetAt: 0, range: null };
    if (action === "toggle") return toggledFacet(state, facetsOf(state)[state.facetAt]?.key);
    const at = TABS.indexOf(state.tab);
    const by = action === "nextTab" ? 1 : TABS.length - 1;
    const tab = TABS[action === "tab" ? Number(key) - 1 : (at + by) % TABS.length] as Tab;
    // If only one pane is visible, asking for a tab opens it.
    return { tab, detailScroll: 0, where: wide ? state.where : "detail" };
  });
}

/** Takes back the newest restriction of the list: a range, the filter, the facets. */
export function clear({ store }: TerminalSession): void {
  store.set(({ range, filter, facets, selected }) => {
    if (range !== null) return { range: null, status: null };
    if (filter !== "") return { filter: "", status: null, selected: null };
    return { facets: new Set<string>(), status: null, selected: facets.size === 0 ? selected : null };
  });
}

/** Marks or unmarks the range, which ends it, or the selected row, and moves to the next. */
function mark(state: TuiState): Partial<TuiState> {
  const items = itemsOf(state);
  const range = rangeOf(state);
  if (range !== null) return { ...toggled(state, items.slice(range.from, range.to + 1)), range: null };
  const at = selectedAt(state, items);
  const item = items[at];
  if (item === undefined || item.kind === "unread" || item.kind === "kept") return { range: null };
  return { ...toggled(state, [item]), range: null, selected: items[at + 1]?.key ?? item.key };
}

/** Folds or unfolds the heading of the selected row, which is selected then. */
export function folded(state: TuiState): Partial<TuiState> {
  const head = headOf(state);
  if (head === undefined) return {};
  const now = new Set(state.folded);
  if (!now.delete(head.key)) now.add(head.key);
  return { folded: now, selected: head.key, range: null, detailScroll: 0 };
}

/** Folds every heading, or unfolds them if all are folded. */
function foldedAll(state: TuiState): Partial<TuiState> {
  const heads = itemsOf(state).filter((item) => item.kind === "section");
  const open = heads.some((head) => !head.folded);
  return {
    folded: new Set(open ? heads.map(({ key }) => key) : []),
    selected: headOf(state)?.key ?? null,
    range: null,
    detailScroll: 0,
  };
}

/** The heading of the selected row. */
function headOf(state: TuiState): ListItem | undefined {
  const items = itemsOf(state);
  return items.slice(0, selectedAt(state, items) + 1).findLast(({ kind }) => kind === "section");
}

function markSection(state: TuiState): Partial<TuiState> {
  const head = headOf(state);
  // Without headings, all secrets are one group.
  return toggled(state, head ? [head] : itemsOf(state));
}

/** Marks all of these, or none if all are marked. */
export function toggled({ marked }: Pick<TuiState, "marked">, items: readonly ListItem[]): Partial<TuiState> {
  return { marked: markedOrNot(marked, printsOf(items)) };
}

/** Neither set is changed: both may be what is shown. */
function markedOrNot(before: ReadonlySet<string>, prints: ReadonlySet<string>): ReadonlySet<string> {
  if (before.size === 0) return prints;
  const all = before.size >= prints.size && [...prints].every((print) => before.has(print));
  if (!all) return new Set([...before, ...prints]);
  return before.size === prints.size ? new Set() : new Set([...before].filter((print) => !prints.has(print)));
}

const next = (grouping: Grouping): Grouping =>
  GROUPINGS[(GROUPINGS.indexOf(grouping) + 1) % GROUPINGS.length] ?? "container";

/** Changes the grouping; the selected secret stays selected. */
export function grouped(state: TuiState, grouping: Grouping): Partial<TuiState> {
  const items = itemsOf(state);
  const [print] = secretsOf(items[selectedAt(state, items)]);
  const now = { ...state, grouping, range: null };
  const same = itemsOf(now).find((item) => item.kind === "group" && item.group.fingerprint === print);
  return { grouping, range: null, selected: same?.key ?? null, detailScroll: 0 };
}

/** Selects or deselects one value of a facet. */
export function toggledFacet(state: Pick<TuiState, "facets">, key: string | undefined): Partial<TuiState> {
  if (key === undefined) return {};
  const facets = new Set(state.facets);
  if (!facets.delete(key)) facets.add(key);
  return { facets, selected: null };
}

function chosenKey(state: TuiState): string | null {
  const items = itemsOf(state);
  return items[selectedAt(state, items)]?.key ?? null;
}
