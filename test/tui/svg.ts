import stringWidth from "string-width";
import type { Size } from "../../src/tui/screens/frame.ts";
import type { ScreenRow, StyledSpan } from "../../src/tui/widgets/text.ts";

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
export function svg(rows: readonly ScreenRow[], { columns, rows: high }: Size): string {
  const [width, height] = [columns * WIDE + 2 * EDGE, high * HIGH + 2 * EDGE];
  const body = rows.flatMap((row, at) => drawn(row.spans, at));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${STYLE}
</style>
<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${body.join("\n")}
</svg>
`;
}

function drawn(spans: readonly StyledSpan[], at: number): string[] {
  let column = 0;
  return spans.flatMap((span) => {
    const wide = stringWidth(span.text);
    const x = round(EDGE + column * WIDE);
    column += wide;
    const y = EDGE + at * HIGH;
    // Each span starts at its own column: a reader's font may be a little wider than ours.
    const length = `textLength="${round(wide * WIDE)}" lengthAdjust="spacingAndGlyphs"`;
    const text = `<text x="${x}" y="${y + 13}" ${length} class="${classes(span)}">${escaped(span.text)}</text>`;
    if (span.inverse)
      return [`<rect class="bar" x="${x}" y="${y}" width="${round(wide * WIDE)}" height="${HIGH}"/>`, text];
    return span.text.trim() === "" ? [] : [text];
  });
}

function classes({ color, bold, dimColor, inverse }: StyledSpan): string {
  return [color, bold && "bold", dimColor && "dim", inverse && "inverse"].filter(Boolean).join(" ");
}

const round = (value: number): number => Math.round(value * 10) / 10;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
