import { printable } from "../../kit/text/escape.ts";
import { columns } from "../../kit/text/width.ts";
import { lineWidth, wrapWords } from "../../kit/text/wrap.ts";
import { paint, type Colour } from "../../kit/paint.ts";

export type Cell = { readonly text: string; readonly colour?: Colour };

const GAP = 2;
/** A cell that is wider than this does not widen its column. */
const WIDEST = { terminal: 32, otherwise: 60 };
/** A last column that is narrower than this goes below its row. */
const NARROWEST = 24;
const BELOW = 4;

/**
 * Rows as aligned columns for a person; text is made safe for a terminal here. Wide characters count as two. On a
 * terminal the last column is wrapped, with a hanging indent.
 */
export function table(rows: readonly (readonly Cell[])[], stream: NodeJS.WriteStream | null): string {
  return tableRows(rows, stream).join("\n");
}

/** The same, one text per row, which may have several lines. */
export function tableRows(rows: readonly (readonly Cell[])[], stream: NodeJS.WriteStream | null): string[] {
  const safe = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const widths: number[] = [];
  const most = stream?.isTTY === true ? WIDEST.terminal : WIDEST.otherwise;
  for (const row of safe)
    for (const [at, cell] of row.entries())
      if (columns(cell.text) <= most || at === row.length - 1)
        widths[at] = Math.max(widths[at] ?? 0, columns(cell.text));
      else widths[at] ??= 0;
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0);
  const room = lineWidth(stream) - before;
  return safe.map((row) => {
    const last = row.length === widths.length ? row.at(-1) : undefined;
    const head = row.slice(0, last === undefined ? row.length : -1).map((cell, at) => {
      const isEnd = at === row.length - 1;
      return (
        painted(cell, cell.text, stream) +
        (isEnd ? "" : " ".repeat(Math.max(0, (widths[at] ?? 0) - columns(cell.text)) + GAP))
      );
    });
    if (last === undefined) return head.join("").trimEnd();
    const over = row
      .slice(0, -1)
      .reduce((sum, { text }, at) => sum + Math.max(0, columns(text) - (widths[at] ?? 0)), 0);
    const isBelow = columns(last.text) > room - over && (over > 0 || room < NARROWEST);
    const indent = isBelow ? BELOW : before;
    const lines = wrapWords(last.text, isBelow ? lineWidth(stream) - BELOW : room).map((text) =>
      painted(last, text, stream),
    );
    const [first = "", ...rest] = isBelow ? ["", ...lines] : lines;
    return [head.join("") + first, ...rest.map((text) => " ".repeat(indent) + text)]
      .map((text) => text.trimEnd())
      .join("\n");
  });
}

function painted({ colour }: Cell, text: string, stream: NodeJS.WriteStream | null): string {
  return colour ? paint(colour, text, stream) : text;
}

export const SEVERITY_MARK: { readonly [severity: string]: Cell } = {
  critical: { text: "■ critical", colour: "red" },
  high: { text: "▲ high", colour: "yellow" },
  medium: { text: "● medium", colour: "blue" },
  low: { text: "· low", colour: "dim" },
};
