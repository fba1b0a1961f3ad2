import type { TuiState } from "../state.ts";
import type { Secret } from "../../model/secret.ts";
import { printable } from "../../kit/text/escape.ts";
import { layout, line, wrapped, type ScreenRow } from "../widgets/text.ts";

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
  const texts = value.exposeText().split(/\r?\n/);
  // A line end at the end begins no line.
  if (texts.length > 1 && texts.at(-1) === "") texts.pop();
  const rows = layout(
    [
      wrapped(
        3,
        { text: " ! ", color: "yellow", bold: true },
        { text: name, bold: true },
        texts.length > 1 ? `  ${texts.length} lines` : "",
        `  hidden in ${Math.max(1, Math.ceil((until - now) / 1000))} s; recorded`,
      ),
      ...texts.map((text) => wrapped(3, "   ", { text, color: "magenta" })),
    ],
    columns,
    (text) => text,
  );
  if (rows.length <= most) return rows;
  const more = line({ text: `   … ${rows.length - most + 1} more rows: a larger terminal shows them`, dimColor: true });
  return [...rows.slice(0, most - 1), ...layout([more], columns, (text) => text)];
}

/** The same value as one line without control characters, for people who have it read to them. */
export const revealedText = (value: Secret): string => printable(value.exposeText());
