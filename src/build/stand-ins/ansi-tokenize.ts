import {
  reduceAnsiCodesIncremental,
  tokenize as segmented,
  type AnsiCode,
  type Char,
  type StyledChar,
  type Token,
} from "@alcalzone/ansi-tokenize";
import { isNarrow } from "../../kit/text/width.ts";
import { SGR } from "./sgr.ts";

export * from "@alcalzone/ansi-tokenize";

/** What the library's function returns; without segmenting text of which each character takes one column. */
export function tokenize(text: string, end?: number): Token[] {
  if (end !== undefined || !isNarrow(text.replace(SGR, "").replaceAll("\n", ""))) return segmented(text, end);
  const tokens: Token[] = [];
  let from = 0;
  for (const code of text.matchAll(SGR)) {
    addChars(tokens, text, from, code.index);
    tokens.push(...codesOf(code[0]));
    from = code.index + code[0].length;
  }
  addChars(tokens, text, from, text.length);
  return tokens;
}

/** What the library's function returns; the characters of one style share its list, which Ink compares first. */
export function styledCharsFromTokens(tokens: readonly Token[]): StyledChar[] {
  const made: StyledChar[] = [];
  let styles: AnsiCode[] = [];
  for (const token of tokens)
    if (token.type === "ansi") styles = reduceAnsiCodesIncremental(styles, [token]);
    else if (token.type === "char") made.push({ type: "char", value: token.value, fullWidth: token.fullWidth, styles });
  return made;
}

function addChars(tokens: Token[], text: string, from: number, to: number): void {
  for (let at = from; at < to; at++) tokens.push(charAt(text, at));
}

/** Narrow characters by their code; Ink copies what it changes. */
const chars: Char[] = [];

function charAt(text: string, at: number): Char {
  return (chars[text.charCodeAt(at)] ??= { type: "char", value: text.charAt(at), fullWidth: false });
}

/** The few that a screen has are split once. */
const known = new Map<string, readonly Token[]>();
const MOST = 256;

function codesOf(sgr: string): readonly Token[] {
  const made = known.get(sgr) ?? segmented(sgr);
  if (known.size < MOST) known.set(sgr, made);
  return made;
}
