import type { SubjectError } from "../core/scan.ts";
import { filterGroups, type Group } from "./groups.ts";
import type { State } from "./state.ts";
import { some } from "./widgets/bar.ts";

/** A row of the list: a secret, or something that could not be read. */
export type Item =
  | { readonly kind: "group"; readonly key: string; readonly group: Group }
  | { readonly kind: "unread"; readonly key: string; readonly error: SubjectError & { readonly source: string } };

export function itemsOf(state: State): readonly Item[] {
  const groups = filterGroups(state.scan.groups, state.filter).map((group): Item => ({
    kind: "group",
    key: group.fingerprint,
    group,
  }));
  // What could not be read is never filtered away.
  const unread = state.scan.unread.map((error, at): Item => ({ kind: "unread", key: `unread:${at}`, error }));
  return [...groups, ...unread];
}

/** The place of the chosen item; the first when it is gone. */
export function selectedAt(state: State, items: readonly Item[]): number {
  return Math.max(
    0,
    items.findIndex(({ key }) => key === state.selected),
  );
}

/** What `m` and `d` act on: the marked secrets, else the chosen one. */
export function wantedOf(state: State): ReadonlySet<string> {
  if (state.marked.size > 0) return state.marked;
  const items = itemsOf(state);
  const item = items[selectedAt(state, items)];
  return new Set(item?.kind === "group" ? [item.key] : []);
}

/** How much the wanted secrets are. */
export function wantedText({ scan, wanted }: State): string {
  const places = scan.hits.filter(({ finding }) => wanted.has(finding.fingerprint)).length;
  return `${some(wanted.size, "secret")} in ${some(places, "place")}`;
}
