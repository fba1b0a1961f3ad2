import { press } from "./actions.ts";
import { itemsOf, selectedAt } from "./items.ts";
import { roomsOf } from "./screens/rooms.ts";
import { GAP, type PaneRooms, type Size } from "./screens/frame.ts";
import type { TerminalSession } from "./session.ts";
import type { Guard } from "./widgets/text.ts";
import type { ScreenLayout } from "./moves.ts";

/** A cell of the terminal, from 0. */
export type ScreenCell = { readonly column: number; readonly row: number };

/** The first row of the list: below the header, its title and a rule. */
const FIRST_ROW = 3;

/**
 * A click, as lazygit takes it: on a row it selects, on the selected row it opens, on the other pane it goes there. On any
 * other screen it does nothing: there a click could only be a key that was not pressed. `top` is the first row of the list
 * that is shown.
 */
export function click(
  session: TerminalSession,
  cell: ScreenCell,
  top: number,
  layout: ScreenLayout,
  size: Size,
  guard: Guard,
): void {
  const { store } = session;
  const state = store.get();
  const { revealed, question, prompt, help, where } = state;
  if (revealed || question || prompt || help || layout.blind || (where !== "browse" && where !== "detail")) return;
  const { panes } = roomsOf(state, size, guard);
  const pane = paneAt(cell, panes, where);
  if (pane === "detail") return store.set(() => ({ where: "detail" }));
  if (pane === null) return;
  const items = itemsOf(state);
  const at = top + cell.row - FIRST_ROW;
  const item = items[at];
  if (item === undefined) return;
  if (where === "browse" && at === selectedAt(state, items)) return press(session, "enter", layout);
  store.set(() => ({ where: "browse", selected: item.key, detailScroll: 0, status: null }));
}

/** The pane whose rows this cell is among. */
function paneAt(
  { column, row }: ScreenCell,
  { shape, list, detail }: PaneRooms,
  where: string,
): "list" | "detail" | null {
  const isIn = (left: number, top: number, room: Size): boolean =>
    column >= left && column < left + room.columns && row >= top && row < top + room.rows;
  if (shape === "one") return where === "browse" && isIn(0, FIRST_ROW, list) ? "list" : null;
  if (isIn(0, FIRST_ROW, list)) return "list";
  // Below the list are its rule and the other pane's title.
  const [left, top] = shape === "beside" ? [list.columns + GAP, FIRST_ROW] : [0, FIRST_ROW + list.rows + 2];
  return isIn(left, top, detail) ? "detail" : null;
}
