import type { TuiState } from "../state.ts";
import type { Guard, SpanLine, ScreenRow } from "../widgets/text.ts";

export type Size = { readonly columns: number; readonly rows: number };

/**
 * The result of a screen: a title line, rows for the body, the column at which the body is split, if it is, and how far
 * its text can be scrolled, if it can.
 */
export type Screen = {
  readonly title: SpanLine | ScreenRow;
  readonly body: readonly ScreenRow[];
  readonly split?: number;
  readonly last?: number;
};

/** `room` is the size of the body. A screen never returns more rows than that. */
export type ScreenOf = (state: TuiState, room: Size, guard: Guard) => Screen;

/** Header, title and two rules above and below the body, and the footer. */
export const FRAME_ROWS = 5;
/** On narrower terminals the list and the evidence are shown one at a time. */
export const WIDE = 90;
export const SMALLEST: Size = { columns: 40, rows: 10 };

export function tooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}
