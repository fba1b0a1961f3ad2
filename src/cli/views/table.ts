import { printable } from "../../kit/text/escape.ts";
import { columns } from "../../kit/text/width.ts";
import { paint, type Colour } from "../../kit/paint.ts";

export type Cell = { readonly text: string; readonly colour?: Colour };

/** Rows as aligned columns for a person; text is made safe for a terminal here. Wide characters count as two. */
export function table(rows: readonly (readonly Cell[])[], stream: NodeJS.WriteStream | null): string {
  const safe = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const widths: number[] = [];
  for (const row of safe)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, columns(cell.text));
  return safe
    .map((row) =>
      row
        .map((cell, at) => {
          const pad = at === row.length - 1 ? "" : " ".repeat((widths[at] ?? 0) - columns(cell.text));
          return `${cell.colour ? paint(cell.colour, cell.text, stream) : cell.text}${pad}`;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export const SEVERITY_MARK: { readonly [severity: string]: Cell } = {
  critical: { text: "■ critical", colour: "red" },
  high: { text: "▲ high", colour: "yellow" },
  medium: { text: "● medium", colour: "blue" },
  low: { text: "· low", colour: "dim" },
};
