import type { Style, Theme } from "../theme.ts";
import type { ScreenRow, StyledSpan } from "./text.ts";

/** Rows as one text for a terminal, with a style set only where it changes; without any in the theme `none`. */
export function styledText(rows: readonly ScreenRow[], theme: Theme, links = false): string {
  return rows
    .map(({ spans }) => (theme === "none" ? spans.map(({ text }) => text).join("") : inStyle(spans, theme, links)))
    .join("\n");
}

function inStyle(spans: readonly StyledSpan[], theme: Theme, links: boolean): string {
  let out = "";
  let now = "";
  for (const span of spans) {
    if (span.text === "") continue;
    const next = codes(span, theme);
    if (next !== now) out += next === "" ? RESET : `${now === "" ? "" : RESET}\u001b[${next}m`;
    now = next;
    out += links && span.href !== undefined ? linked(span.text, span.href) : span.text;
  }
  return now === "" ? out : out + RESET;
}

const RESET = "\u001b[0m";

/** A hyperlink (OSC 8); `layout` leaves only addresses that are safe there. */
const linked = (text: string, href: string): string => `\u001b]8;;${href}\u0007${text}\u001b]8;;\u0007`;

type SpanColour = NonNullable<Style["color"]>;

const ANSI: { readonly [colour in SpanColour]: string } = {
  red: "31",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
};

/** Colours that differ for people with any colour vision, and are readable on black and on white. */
const RGB: { readonly [colour in SpanColour]: string } = {
  red: "38;2;213;80;40",
  yellow: "38;2;184;134;11",
  blue: "38;2;58;134;214",
  magenta: "38;2;178;92;180",
  cyan: "38;2;32;150;150",
};

function codes({ color, bold, dimColor, inverse }: Style, theme: Theme): string {
  const colour = color === undefined || theme === "mono" ? "" : theme === "truecolor" ? RGB[color] : ANSI[color];
  return [bold ? "1" : "", dimColor ? "2" : "", inverse ? "7" : "", colour].filter((code) => code !== "").join(";");
}
