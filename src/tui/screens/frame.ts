import type { SpanLine } from "../widgets/text.ts";

export type Size = { readonly columns: number; readonly rows: number };

/** A screen that is one text: its lines, how far it is scrolled, and its title, given how many rows are below. */
export type ScreenText = {
  readonly lines: readonly SpanLine[];
  readonly scroll: number;
  readonly title: (below: number) => SpanLine;
};

/** Header, title, the rules above and below the body, and the footer. */
export const FRAME_ROWS = 5;
/** On narrower terminals the evidence is below the list. */
const WIDE = 90;
/** From here on, what is left goes to the columns of the list: longer lines of text are harder to read. */
const ROOMY = 160;
const READABLE = 80;
/** On lower terminals that are not wide, the list and the evidence are shown one at a time. */
const TALL = 20;
export const SMALLEST: Size = { columns: 40, rows: 10 };

export function tooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}

/** Where the list and the evidence are, and the room of each without titles and rules. */
export type PaneRooms = { readonly shape: "beside" | "below" | "one"; readonly list: Size; readonly detail: Size };

/** `body` is what the terminal has left between title and footer. */
export function panesOf(terminal: Size, body: Size): PaneRooms {
  const { columns, rows } = body;
  if (columns >= WIDE) {
    const detail = columns < ROOMY ? columns - GAP - Math.min(Math.floor(columns * 0.55), 76) : READABLE;
    const list = columns - GAP - detail;
    return { shape: "beside", list: { columns: list, rows }, detail: { columns: detail, rows } };
  }
  // The lower pane has a title and a rule too.
  const both = rows - 2;
  if (terminal.rows < TALL || both < 6) return { shape: "one", list: body, detail: body };
  const upper = Math.ceil(both * 0.55);
  return { shape: "below", list: { columns, rows: upper }, detail: { columns, rows: both - upper } };
}

/** The bar between two panes, and the space after it. */
export const GAP = 2;
