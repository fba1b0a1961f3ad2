import type { TuiState } from "../state.ts";
import type { Secret } from "../../model/secret.ts";
import { printable } from "../../kit/text/escape.ts";
import { layout, line, wrapped, type ScreenRow } from "../widgets/text.ts";

/** More of a value than this fits on no screen, and laying it out would keep the screen from being drawn. */
const LONGEST = 10_000;

/**
 * The one value that somebody asked to see; bypasses the guard that takes known values out of everything else. Made
 * printable and fitted like all text; never more than `most` rows.
 */
export function revealRows(
  { name, value, until }: NonNullable<TuiState["revealed"]>,
  now: number,
  columns: number,
  most: number,
): ScreenRow[] {
  const whole = value.exposeText();
  // A line end at the end begins no line.
  const count = whole.replace(/\r?\n$/, "").split("\n").length;
  const texts = whole.slice(0, LONGEST).split(/\r?\n/).slice(0, count);
  const rows = layout(
    [
      wrapped(
        3,
        { text: " ! ", color: "yellow", bold: true },
        { text: name, bold: true },
        count > 1 ? `  ${count} lines` : "",
        `  hidden in ${Math.max(1, Math.ceil((until - now) / 1000))} s; recorded`,
      ),
      ...texts.map((text) => wrapped(3, "   ", { text, color: "magenta" })),
    ],
    columns,
    (text) => text,
  );
  const isCut = whole.length > LONGEST;
  if (rows.length <= most && !isCut) return rows;
  const rest = isCut
    ? `${whole.length.toLocaleString("en")} characters in all, more than a screen shows`
    : `${rows.length - most + 1} more rows: a larger terminal shows them`;
  const more = line({ text: `   … ${rest}`, dimColor: true });
  return [...rows.slice(0, most - 1), ...layout([more], columns, (text) => text)];
}

/** The same value as one line without control characters, for people who have it read to them. */
export const revealedText = (value: Secret): string => printable(value.exposeText());
