import { printable } from "../../kit/text/escape.ts";
import { columns } from "../../kit/text/width.ts";
import type { Style } from "../theme.ts";

/**
 * Text as a screen produces it: not yet safe for a terminal. `cell` makes it exactly that many columns wide; `href` is
 * the address of a link, where the terminal has links.
 */
export type StyledSpan = Style & { readonly text: string; readonly cell?: number; readonly href?: string };

/**
 * One line of spans: cut at the width, or wrapped with later lines indented by `hang`. What is `whole` loses its
 * indentation before it is broken.
 */
export type SpanLine = { readonly spans: readonly StyledSpan[]; readonly hang?: number; readonly whole?: true };

const MADE = Symbol("made by layout");

/** What is drawn: safe for a terminal, and no wider than the width it was laid out for. Only `layout` makes one. */
export type ScreenRow = { readonly spans: readonly StyledSpan[]; readonly width: number; readonly [MADE]: true };

/** Takes known values out of text, as the last step before it is drawn. */
export type Guard = (text: string) => string;

/**
 * The only way from text to the screen: known values are taken out, control characters become visible, and each line is
 * fitted to the width.
 */
export function layout(lines: readonly SpanLine[], width: number, guard: Guard): ScreenRow[] {
  return lines.flatMap((one) => {
    // Before anything is cut: half a value would not be recognised.
    const safe = one.spans.map(({ cell, href, ...span }) => {
      const text = visible(guard(span.text));
      const link = href !== undefined && ADDRESS.test(href) && guard(href) === href ? { href } : {};
      return { ...span, ...link, text: cell === undefined ? text : fit(text, cell) };
    });
    if (one.whole && safe.reduce((sum, { text }) => sum + columns(text), 0) > width)
      return wrap(
        safe.filter(({ text }) => text.trim() !== ""),
        width,
        0,
      );
    return one.hang === undefined ? [cut(safe, width)] : wrap(safe, width, one.hang);
  });
}

export function line(...spans: readonly (StyledSpan | string)[]): SpanLine {
  return { spans: spans.map((span) => (typeof span === "string" ? { text: span } : span)) };
}

export function wrapped(hang: number, ...spans: readonly (StyledSpan | string)[]): SpanLine {
  return { ...line(...spans), hang };
}

/** An address on its line: a link where the terminal has links, and unbroken wherever it fits. */
export function addressLine(indent: number, url: string): SpanLine {
  return { ...wrapped(indent, " ".repeat(indent), { text: url, href: url }), whole: true };
}

/** Nothing in it ends a control sequence, or begins one. */
const ADDRESS = /^https?:\/\/[!-~]{1,1000}$/;

export const BLANK: SpanLine = { spans: [] };

/** The same row drawn as the selected one: inverse over the whole width. */
export function chosen(is: ScreenRow, width: number): ScreenRow {
  const text = is.spans.map((span) => span.text).join("");
  return row([{ text: text + " ".repeat(Math.max(0, width - is.width)), inverse: true }]);
}

/** No control characters, and none that show nothing: terminals disagree about whether these take a column. */
function visible(text: string): string {
  if (ASCII.test(text)) return text;
  const safe = printable(text);
  if (!UNSEEN.test(safe)) return safe;
  return Array.from(graphemes.segment(safe), ({ segment }) => segment)
    .filter((segment) => !ALL_UNSEEN.test(segment))
    .join("");
}

const ASCII = /^[\u0020-\u007e]*$/;
const UNSEEN = /\p{Default_Ignorable_Code_Point}/u;
const ALL_UNSEEN = /^\p{Default_Ignorable_Code_Point}+$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function row(
  spans: readonly StyledSpan[],
  width = spans.reduce((sum, span) => sum + columns(span.text), 0),
): ScreenRow {
  return { spans, width, [MADE]: true };
}

function fit(text: string, width: number): string {
  const short = cutText(text, width);
  return short + " ".repeat(Math.max(0, width - columns(short)));
}

function cut(spans: readonly StyledSpan[], width: number): ScreenRow {
  const kept: StyledSpan[] = [];
  let left = width;
  for (const [at, span] of spans.entries()) {
    const needs = columns(span.text);
    if (needs < left || (needs === left && spans.slice(at + 1).every((next) => next.text === ""))) {
      kept.push(span);
      left -= needs;
      continue;
    }
    kept.push({ ...span, text: needs > left ? cutText(span.text, left) : cutText(`${span.text} `, left) });
    break;
  }
  return row(kept);
}

function cutText(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let out = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const wide = columns(segment);
    if (used + wide > width - 1) break;
    out += segment;
    used += wide;
  }
  return width > 0 ? `${out}…` : "";
}

function wrap(spans: readonly StyledSpan[], width: number, hang: number): ScreenRow[] {
  const indent = Math.min(hang, Math.max(0, width - 8));
  const rows: ScreenRow[] = [];
  let now: StyledSpan[] = [];
  let used = 0;
  const next = (): void => {
    rows.push(row(now));
    now = [{ text: " ".repeat(indent) }];
    used = indent;
  };
  for (const span of spans) {
    for (const word of words(span.text, width - indent)) {
      const wide = columns(word);
      if (used + wide > width && used > indent) next();
      // A line broken at a space does not begin with it.
      const text = used === indent && rows.length > 0 ? word.trimStart() : word;
      now.push({ ...span, text });
      used += columns(text);
    }
  }
  rows.push(row(now));
  return rows;
}

/** Words and the spaces between them, none wider than `width`. */
function* words(text: string, width: number): Generator<string> {
  for (const word of text.match(/ +|[^ ]+/g) ?? []) {
    if (columns(word) <= width) {
      yield word;
      continue;
    }
    let piece = "";
    let used = 0;
    for (const { segment } of graphemes.segment(word)) {
      const wide = columns(segment);
      if (used + wide > width) {
        // Behind the last separator of a path or else of a name, unless that leaves half of the line empty.
        const marks = [
          piece.lastIndexOf("/"),
          Math.max(...["-", "_", ".", ","].map((mark) => piece.lastIndexOf(mark))),
        ];
        const at =
          marks.map((mark) => mark + 1).find((end) => columns(piece.slice(0, end)) > width / 2) ?? piece.length;
        const [now, rest] = [piece.slice(0, at), piece.slice(at)];
        yield now;
        [piece, used] = [rest, columns(rest)];
      }
      piece += segment;
      used += wide;
    }
    yield piece;
  }
}
