import { itemsOf, selectedAt } from "./items.ts";
import type { KeyAction } from "./keymap.ts";
import { runLines, workingAt } from "./screens/run.ts";
import { scrolled, type ScrollMove } from "./scroll.ts";
import type { TerminalSession } from "./session.ts";
import type { RunState } from "./state.ts";

/**
 * What a key press needs to know about the screen: the height of a page, how far its text scrolls, whether it is too
 * small to be read, and whether the list and the details are both visible.
 */
export type ScreenLayout = {
  readonly page: number;
  readonly last: number;
  readonly blind: boolean;
  readonly wide: boolean;
};

/** Whether an action moves the selection or scrolls. */
export function isMove(action: KeyAction): action is ScrollMove {
  return ["up", "down", "pageUp", "pageDown", "top", "bottom"].includes(action);
}

/** Moves the selection of the screen, or scrolls its text. */
export function move(session: TerminalSession, action: ScrollMove, room: Pick<ScreenLayout, "page" | "last">): void {
  const { page } = room;
  session.store.set((state) => {
    const { where } = state;
    if (where === "browse") {
      const items = itemsOf(state);
      const item = items[scrolled(selectedAt(state, items), action, page, items.length - 1)];
      return { selected: item?.key ?? null, detailScroll: 0 };
    }
    if (where === "facets") return { facetAt: scrolled(state.facetAt, action, page, room.last) };
    if (where === "detail") return { detailScroll: scrolled(state.detailScroll, action, page, room.last) };
    if (where === "stores")
      return {
        stores: { ...state.stores, at: scrolled(state.stores.at, action, page, state.stores.choices.length - 1) },
      };
    if (where === "runs")
      return { runs: { ...state.runs, at: scrolled(state.runs.at, action, page, state.runs.list.length - 1) } };
    if (where === "receipts")
      return {
        opened: state.opened && { ...state.opened, scroll: scrolled(state.opened.scroll, action, page, room.last) },
      };
    if (where === "overview")
      return {
        overview: { ...state.overview, scroll: scrolled(state.overview.scroll, action, page, room.last) },
      };
    if (where === "plan")
      return {
        planned: state.planned && { ...state.planned, scroll: scrolled(state.planned.scroll, action, page, room.last) },
      };
    if (where === "proof")
      return {
        result: state.result && { ...state.result, scroll: scrolled(state.result.scroll, action, page, room.last) },
      };
    return { run: state.run && movedIn(state.run, action, page) };
  });
}

function movedIn(run: RunState, action: ScrollMove, page: number): RunState {
  const at = run.scroll ?? workingAt(run);
  return { ...run, scroll: scrolled(at, action, page, runLines(run, 0).length - 1) };
}
