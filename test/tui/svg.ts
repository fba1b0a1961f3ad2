import stringWidth from "string-width";
import type { Size } from "../../src/tui/screens/frame.ts";

const WIDE = 8.4;
const HIGH = 18;
const EDGE = 12;

const STYLE = `
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; fill: #1f2328; }
.paper { fill: #ffffff; stroke: #d1d9e0; }
.red { fill: #c2281f; } .yellow { fill: #8a5a00; } .blue { fill: #0a58ca; } .magenta { fill: #8b3fb0; } .cyan { fill: #0b6e80; }
.bold { font-weight: bold; } .dim { opacity: 0.6; }
.bar { fill: #1f2328; } .inverse { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .paper { fill: #0d1117; stroke: #30363d; }
.red { fill: #ff7b72; } .yellow { fill: #e3b341; } .blue { fill: #79c0ff; } .magenta { fill: #d2a8ff; } .cyan { fill: #56d4dd; }
.bar { fill: #e6edf3; } .inverse { fill: #0d1117; }
}`;

/** A frame as a picture that follows the reader's light or dark theme, as a terminal does with the 16 colours. */
export function svg(rows: readonly string[], { columns, rows: high }: Size): string {
  const [width, height] = [columns * WIDE + 2 * EDGE, high * HIGH + 2 * EDGE];
  const body = rows.flatMap((row, at) => drawnRow(row, at));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${STYLE}
</style>
<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${body.join("\n")}
</svg>
`;
}

function drawnRow(row: string, at: number): string[] {
  let column = 0;
  return spansOf(row).flatMap((span) => {
    const wide = stringWidth(span.text);
    const x = round(EDGE + column * WIDE);
    column += wide;
    const y = EDGE + at * HIGH;
    // Each span starts at its own column: a reader's font may be a little wider than ours.
    const length = `textLength="${round(wide * WIDE)}" lengthAdjust="spacingAndGlyphs"`;
    const text = `<text x="${x}" y="${y + 13}" ${length} class="${span.classes.join(" ")}">${escaped(span.text)}</text>`;
    if (span.classes.includes("inverse"))
      return [`<rect class="bar" x="${x}" y="${y}" width="${round(wide * WIDE)}" height="${HIGH}"/>`, text];
    return span.text.trim() === "" ? [] : [text];
  });
}

/** Text between two changes of style, as a terminal reads it. */
function spansOf(row: string): { readonly text: string; readonly classes: readonly string[] }[] {
  const on = new Set<string>();
  return row.split(/\u001b\[([\d;]*)m/).flatMap((part, at) => {
    if (at % 2 === 0) return part === "" ? [] : [{ text: part, classes: CLASSES.filter((name) => on.has(name)) }];
    for (const code of part.split(";").map(Number)) {
      if (code in SET) on.add(SET[code] as string);
      else for (const name of UNSET[code] ?? []) on.delete(name);
    }
    return [];
  });
}

const COLOURS = ["red", "yellow", "blue", "magenta", "cyan"];
const CLASSES = [...COLOURS, "bold", "dim", "inverse"];
const SET: { readonly [code: number]: string } = {
  1: "bold",
  2: "dim",
  7: "inverse",
  31: "red",
  33: "yellow",
  34: "blue",
  35: "magenta",
  36: "cyan",
};
const UNSET: { readonly [code: number]: readonly string[] } = {
  0: CLASSES,
  22: ["bold", "dim"],
  27: ["inverse"],
  39: COLOURS,
};

const round = (value: number): number => Math.round(value * 10) / 10;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
