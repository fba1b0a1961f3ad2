import type { TuiState } from "../state.ts";
import { TONE } from "../theme.ts";
import { layout, line, wrapped, type Guard, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import { facetsOf } from "../facets.ts";
import { itemsOf, unfilteredRows } from "../items.ts";
import { last } from "../last.ts";
import { FRAME_ROWS, panesOf, SMALLEST, tooSmall, type PaneRooms, type ScreenText, type Size } from "./frame.ts";
import { overviewText } from "./overview/index.ts";
import { planText } from "./plan.ts";
import { promptLines } from "./prompt.ts";
import { proofText } from "./proof.ts";
import { receiptsText } from "./receipts.ts";
import { revealRows } from "./reveal.ts";
import { selectedDetail } from "./tabs/index.ts";

/** How a terminal is divided: what is said above the keys, and what that leaves for the body and its panes. */
export type ScreenRooms = {
  readonly notice: readonly ScreenRow[];
  readonly body: Size;
  readonly panes: PaneRooms;
};

export function roomsOf(state: TuiState, size: Size, guard: Guard): ScreenRooms {
  const most = size.rows - FRAME_ROWS - 1;
  const notice = state.revealed
    ? revealRows(state.revealed, state.now, size.columns, most)
    : layout(noticeLines(state, guard), size.columns, guard).slice(0, most);
  const body = { columns: size.columns, rows: size.rows - FRAME_ROWS - notice.length };
  const { scan, where } = state;
  // Beside an empty list there is nothing to detail.
  const empty = where !== "facets" && ["done", "failed"].includes(scan.status) && itemsOf(state).length === 0;
  return {
    notice,
    body,
    panes: empty ? { shape: "one", list: body, detail: body } : panesOf(size, body, unfilteredRows(state)),
  };
}

/** A screen that is one text; null for the others, and for the help above it. */
export function textOf(state: TuiState): ScreenText | null {
  if (state.help !== null) return null;
  if (state.where === "plan") return planText(state);
  if (state.where === "overview") return overviewText(state);
  if (state.where === "proof") return proofText(state);
  return state.where === "receipts" ? receiptsText(state) : null;
}

/** How far what is scrolled on this screen can be scrolled, or the last row of what is chosen from. */
export function scrollEnd(state: TuiState, size: Size, guard: Guard): number {
  if (tooSmall(size)) return 0;
  const text = textOf(state);
  if (text === null && state.where === "facets") return Math.max(0, facetsOf(state).length - 1);
  const { body, panes } = roomsOf(state, size, guard);
  const room = text === null ? panes.detail : body;
  const rows = fitted(text?.lines ?? selectedDetail(state), room.columns, guard);
  return windowFrom(rows, 0, room.rows).last;
}

/** The rows of a text: made once, for drawing it and for scrolling in it. */
export const fitted = last(layout);

/** What is shown instead of any screen when the terminal is too small for one. */
export function largerLines(state: TuiState, { columns, rows }: Size): SpanLine[] {
  return [
    line("too small: make it larger"),
    line(`${columns}×${rows}; ${SMALLEST.columns}×${SMALLEST.rows} is needed`),
    line(state.run && state.run.ended === null ? "the run continues; ctrl-c cancels it" : "q quits"),
  ];
}

/** A question, a line being typed or news: shown whole, above the keys, however narrow the terminal is. */
function noticeLines({ question, prompt, status }: TuiState, guard: Guard): SpanLine[] {
  if (question) return [wrapped(3, { text: " ? ", color: "yellow", bold: true }, { text: question.text, bold: true })];
  if (prompt) return promptLines(prompt, guard);
  return status ? [wrapped(1, { text: ` ${status.text}`, ...TONE[status.tone] })] : [];
}
