import type { Style } from "../theme.ts";
import { columns } from "../../kit/text/width.ts";
import type { ScreenRow, StyledSpan } from "./text.ts";

/**
 * The bytes that turn a screen showing `before` into `after`. Each row is written from its first span that differs;
 * nothing is written for an equal frame. A row that is not in `before` counts as unknown.
 */
export function paint(before: readonly ScreenRow[], after: readonly ScreenRow[], styled: boolean): string {
  let out = "";
  for (const [at, row] of after.entries()) {
    const { spans, column } = changed(before[at], row);
    if (spans !== null)
      out += `\u001b[${at + 1};${column + 1}H\u001b[K${styled ? inStyle(spans) : spans.map(({ text }) => text).join("")}`;
  }
  return out;
}

/** The spans of a row that must be written, and where they begin; null if it looks the same already. */
function changed(
  was: ScreenRow | undefined,
  now: ScreenRow,
): { readonly spans: readonly StyledSpan[] | null; readonly column: number } {
  if (was === undefined) return { spans: now.spans, column: 0 };
  let at = 0;
  let column = 0;
  for (; at < now.spans.length; at++) {
    const [a, b] = [was.spans[at], now.spans[at]];
    if (a === undefined || b === undefined || !same(a, b)) break;
    column += columns(b.text);
  }
  if (at === now.spans.length && at === was.spans.length) return { spans: null, column };
  // A character of zero width belongs to the one before it, at the last column too: both are written together.
  const full = column >= Math.max(was.width, now.width);
  return full ? { spans: now.spans, column: 0 } : { spans: now.spans.slice(at), column };
}

function same(a: StyledSpan, b: StyledSpan): boolean {
  return (
    a.text === b.text &&
    a.color === b.color &&
    a.bold === b.bold &&
    a.dimColor === b.dimColor &&
    a.inverse === b.inverse
  );
}

/** Text with a style set only where it changes, and none left set at the end. */
function inStyle(spans: readonly StyledSpan[]): string {
  let out = "";
  let now = "";
  for (const span of spans) {
    if (span.text === "") continue;
    const next = codes(span);
    if (next !== now) out += next === "" ? RESET : `\u001b[0${next}m`;
    now = next;
    out += span.text;
  }
  return now === "" ? out : out + RESET;
}

const RESET = "\u001b[0m";
const COLOURS = { red: ";31", yellow: ";33", blue: ";34", magenta: ";35", cyan: ";36" } as const;

function codes({ color, bold, dimColor, inverse }: Style): string {
  return `${bold ? ";1" : ""}${dimColor ? ";2" : ""}${inverse ? ";7" : ""}${color ? COLOURS[color] : ""}`;
}
