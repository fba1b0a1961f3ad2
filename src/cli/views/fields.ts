import { paint } from "../../kit/paint.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth } from "../../kit/text/wrap.ts";

/** A label and its lines; further lines stand below the first, wrapped on a terminal. */
export type LabelledLines = readonly [label: string, lines: readonly string[]];

/** Labelled lines for a person; text is made safe for a terminal here. A label without lines is left out. */
export function fields(rows: readonly LabelledLines[], stream: NodeJS.WriteStream | null): string[] {
  const widest = Math.max(0, ...rows.map(([label]) => label.length));
  const indent = widest + 4;
  return rows.flatMap(([label, lines]) =>
    lines.flatMap((text, at) => {
      const head = `  ${paint("dim", (at === 0 ? label : "").padEnd(widest), stream)}  `;
      return hanging(head, printable(text), indent, lineWidth(stream));
    }),
  );
}
