import { needsOf } from "./components/row-columns.ts";
import { groupText } from "./filter.ts";
import { prepareGrouping } from "./items.ts";
import type { Store } from "./state.ts";
import { GROUPINGS } from "./where.ts";

/** The texts of this many secrets are made at once: a key press in between waits no longer than for a frame. */
const PIECE = 2000;

/**
 * Prepares what the first filter and the first change of grouping need for many findings, a piece at a time while
 * nobody types. Ends by itself, and at once if other findings replace these.
 */
export function prepare(store: Store): void {
  const { groups } = store.get().scan;
  const pieces = [
    ...Array.from({ length: Math.ceil(groups.length / PIECE) }, (_, at) => () => {
      for (const group of groups.slice(at * PIECE, (at + 1) * PIECE)) groupText(group);
    }),
    () => needsOf(groups, "container", store.get().history),
    () => needsOf(groups, "secret", store.get().history),
    ...GROUPINGS.map((grouping) => () => prepareGrouping(store.get(), grouping)),
  ];
  const next = (): void => {
    if (store.get().scan.groups !== groups) return;
    pieces.shift()?.();
    if (pieces.length > 0) setImmediate(next);
  };
  setImmediate(next);
}
