import type { TuiState } from "../state.ts";
import type { Guard, SpanLine, ScreenRow } from "../widgets/text.ts";

export type Size = { readonly columns: number; readonly rows: number };

/**
 * What a screen gives: a title line, rows for the body, the column at which the body is split, if it is, and how far
 * its text can be scrolled, if it is one.
 */
export type Screen = {
  readonly title: SpanLine | ScreenRow;
  readonly body: readonly ScreenRow[];
  readonly split?: number;
  readonly last?: number;
};

/** `room` is what is left for the body. A screen never gives more rows than that. */
export type ScreenOf = (state: TuiState, room: Size, guard: Guard) => Screen;

/** Header, title and two rules above and below the body, and the footer. */
export const FRAME_ROWS = 5;
/** Under this the list and the evidence are shown one at a time. */
export const WIDE = 90;
export const SMALLEST: Size = { columns: 40, rows: 10 };

export function tooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}
