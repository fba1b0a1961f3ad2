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
/** From here on the list and the evidence fit side by side, with names and places whole; else the evidence is below. */
const WIDE = 140;
/** From here on, what is left goes to the columns of the list: longer lines of text are harder to read. */
const ROOMY = 160;
const READABLE = 80;
/** On lower terminals nothing is below: there the two are side by side from `LOW_WIDE` on, else one at a time. */
const TALL = 20;
const LOW_WIDE = 90;
/** The evidence has more than this only if the list leaves it. */
const EVIDENCE_ROWS = 18;
export const SMALLEST: Size = { columns: 40, rows: 10 };

export function tooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}

/** Where the list and the evidence are, and the room of each without titles and rules. */
export type PaneRooms = { readonly shape: "beside" | "below" | "one"; readonly list: Size; readonly detail: Size };

/** `body` is what the terminal has left between title and footer; the list has `items` rows. */
export function panesOf(terminal: Size, body: Size, items: number): PaneRooms {
  const { columns, rows } = body;
  // The lower pane has a title and a rule too.
  const both = rows - 2;
  const isLow = terminal.rows < TALL || both < 6;
  if (columns >= (isLow ? LOW_WIDE : WIDE)) {
    const detail = columns < ROOMY ? columns - GAP - Math.floor(columns * 0.6) : READABLE;
    const list = columns - GAP - detail;
    return { shape: "beside", list: { columns: list, rows }, detail: { columns: detail, rows } };
  }
  if (isLow) return { shape: "one", list: body, detail: body };
  const most = Math.max(Math.ceil(both * 0.55), both - EVIDENCE_ROWS);
  const upper = Math.min(most, Math.max(LIST_ROWS, items));
  return { shape: "below", list: { columns, rows: upper }, detail: { columns, rows: both - upper } };
}

/** A short list leaves its rows to the evidence, but not these: it grows while it is scanned. */
const LIST_ROWS = 4;

/** The bar between two panes, and the space after it. */
export const GAP = 2;
