import type { Style } from "../theme.ts";
import type { ScreenRow, StyledSpan } from "./text.ts";

/** Rows as one text for a terminal, with a style set only where it changes; without styles if `styled` is false. */
export function styledText(rows: readonly ScreenRow[], styled: boolean): string {
  return rows.map(({ spans }) => (styled ? inStyle(spans) : spans.map(({ text }) => text).join(""))).join("\n");
}

function inStyle(spans: readonly StyledSpan[]): string {
  let out = "";
  let now = "";
  for (const span of spans) {
    if (span.text === "") continue;
    const next = codes(span);
    if (next !== now) out += next === "" ? RESET : `${now === "" ? "" : RESET}\u001b[${next}m`;
    now = next;
    out += span.text;
  }
  return now === "" ? out : out + RESET;
}

const RESET = "\u001b[0m";
const COLOURS = { red: "31", yellow: "33", blue: "34", magenta: "35", cyan: "36" } as const;

function codes({ color, bold, dimColor, inverse }: Style): string {
  return [bold ? "1" : "", dimColor ? "2" : "", inverse ? "7" : "", color ? COLOURS[color] : ""]
    .filter((code) => code !== "")
    .join(";");
}
