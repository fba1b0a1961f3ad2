import { countBelow } from "../../kit/sorted.ts";
import type { Language } from "./language.ts";

/** A string of several lines in source code: where what it holds begins and ends. */
export type RawString = { readonly start: number; readonly end: number };

/**
 * What such strings, and what looks like them, begin with in a language: "`"; three double or single quotes (`"`, `'`);
 * here-documents (`<`); C#'s `@"`; Rust's `r"`; comments (`/`, `#`).
 */
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/\.(?:go|[cm]?[jt]sx?|vue|svelte)$/i, "`/"],
  [/\.(?:pyi?|pyw)$/i, `"'#`],
  [/\.(?:java|kts?|scala|swift)$/i, `"/`],
  [/\.(?:groovy|gradle|jenkinsfile)$|(?:^|\/)Jenkinsfile[\w.-]{0,40}$/i, `"'/`],
  [/\.(?:cs|fs|vb)$/i, `"@/`],
  [/\.(?:rb|rake|gemspec|p[lm])$|(?:^|\/)(?:Rakefile|Gemfile|Vagrantfile)$/i, "<#"],
  [/\.(?:php\d?|phtml|inc)$/i, "</#"],
  [/\.(?:tf|tfvars|hcl|nomad)$/i, "</#"],
  [/\.rs$/i, "r/"],
  [/\.exs?$/i, `"#`],
];
const LARGEST = 1 << 20;

/** The strings of several lines of a file, found when they are first asked for. */
export class RawStrings {
  readonly #bytes: Buffer;
  readonly #path: string;
  #strings: readonly RawString[] | null = null;
  readonly #settings = new Map<RawString, boolean>();

  constructor(bytes: Buffer, path: string) {
    this.#bytes = bytes;
    this.#path = path;
  }

  /** The string that holds this line. */
  holding(from: number, to: number): RawString | null {
    const strings = (this.#strings ??= rawStringsIn(this.#bytes, this.#path));
    let [low, high] = [0, strings.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((strings[middle] as RawString).start <= from) low = middle + 1;
      else high = middle;
    }
    const last = strings[low - 1];
    return last !== undefined && to <= last.end ? last : null;
  }

  /** True if most of its lines are settings: then it is a file of settings, whatever code it stands in. */
  isSettingsFile(string: RawString): boolean {
    let known = this.#settings.get(string);
    if (known === undefined) {
      const lines = this.#bytes.toString("latin1", string.start, string.end).split("\n");
      const written = lines.filter((line) => line.trim() !== "");
      known = written.filter((line) => OTHER_LINES.test(line)).length >= written.length * 0.6;
      this.#settings.set(string, known);
    }
    return known;
  }
}

/** Every string of several lines that is a value of the code, and no comment on it; in the order of the text. */
function rawStringsIn(bytes: Buffer, path: string): readonly RawString[] {
  const marks = MARKS.find(([pattern]) => pattern.test(path))?.[1];
  if (marks === undefined || bytes.length > LARGEST || !mayHold(bytes, marks)) return [];
  const text = bytes.toString("latin1");
  const source = { text, marks, lines: marks.includes("<") ? linesByWord(text) : NO_LINES, lineEnd: lineEndsOf(text) };
  const found: RawString[] = [];
  let left = text.length * READ_AGAIN;
  for (let at = 0; at < text.length && left > 0; at++) {
    if (BEGINS[text.charCodeAt(at)] !== 1) continue;
    const string = stringAt(source, at);
    if (string === null) continue;
    const { start, end, next, read = next } = string;
    left -= read - next;
    if (source.lineEnd(start) < end && isValue(text, at)) found.push({ start, end });
    at = next - 1;
  }
  return found;
}

/** What seems to begin a string that has no end is read again behind that: so many times the text in all. */
const READ_AGAIN = 16;

/** What a string or a comment may begin with. */
const BEGINS = new Uint8Array(256);
for (const mark of Buffer.from("\"'`<#/")) BEGINS[mark] = 1;

/** Most files have none, which their bytes show at once. */
function mayHold(bytes: Buffer, marks: string): boolean {
  return (
    (marks.includes("`") && bytes.includes(96)) ||
    (marks.includes('"') && bytes.includes('"""')) ||
    (marks.includes("'") && bytes.includes("'''")) ||
    (marks.includes("<") && bytes.includes("<<")) ||
    (marks.includes("@") && bytes.includes('@"')) ||
    (marks.includes("r") && /\br#{0,8}"/.test(bytes.toString("latin1")))
  );
}

type SourceText = {
  readonly text: string;
  readonly marks: string;
  readonly lines: LinesByWord;
  /** Where the line ends that has this position; asked from the beginning of the text to its end. */
  readonly lineEnd: (at: number) => number;
};

function lineEndsOf(text: string): (at: number) => number {
  let end = -1;
  return (at) => {
    if (end < at) end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    return end;
  };
}

/** `next` is what stands behind it; `read`: how far was read for an end that is not there. */
type StringAt = RawString & { readonly next: number; readonly read?: number };

/** The string or comment that begins here. */
function stringAt(source: SourceText, at: number): StringAt | null {
  const { text, marks } = source;
  switch (text.charCodeAt(at)) {
    case 34: // "
    case 39: // '
      return quoted(text, at, marks);
    case 96: // `
      return marks.includes("`") ? upTo(text, at + 1, endOfTemplate(text, at + 1), 1) : null;
    case 60: // <
      return text.charCodeAt(at + 1) === 60 && marks.includes("<") ? hereDocument(source, at) : null;
    case 35: // #
      return marks.includes("#") ? comment(text, at, "\n") : null;
    case 47: // /
      if (!marks.includes("/")) return null;
      if (text.charCodeAt(at + 1) === 47) return comment(text, at, "\n");
      return text.charCodeAt(at + 1) === 42 ? comment(text, at, "*/") : null;
    default:
      return null;
  }
}

function comment(text: string, at: number, close: string): StringAt {
  const end = text.indexOf(close, at + 1);
  const next = end < 0 ? text.length : end + close.length;
  return { start: next, end: next, next };
}

function upTo(text: string, start: number, end: number, closing: number): StringAt {
  if (end < 0) return { start, end: start, next: start, read: text.length };
  return { start, end, next: Math.min(text.length, end + closing) };
}

function quoted(text: string, at: number, marks: string): StringAt {
  const quote = text.charAt(at);
  if (marks.includes(quote) && text.charAt(at + 1) === quote && text.charAt(at + 2) === quote)
    return upTo(text, at + 3, text.indexOf(quote.repeat(3), at + 3), 3);
  if (quote === '"' && marks.includes("@") && /@\$?$/.test(text.slice(Math.max(0, at - 2), at)))
    return upTo(text, at + 1, endOfVerbatim(text, at + 1), 1);
  if (quote === '"' && marks.includes("r")) {
    const hashes = /\br(#{0,8})$/.exec(text.slice(Math.max(0, at - 10), at))?.[1];
    if (hashes !== undefined) return upTo(text, at + 1, text.indexOf(`"${hashes}`, at + 1), 1 + hashes.length);
  }
  const code = text.charCodeAt(at);
  let end = at + 1;
  for (; end < text.length; end++) {
    const char = text.charCodeAt(end);
    if (char === 92) end++;
    else if (char === code) return { start: at + 1, end, next: end + 1 };
    else if (char === 10) break;
  }
  // An apostrophe.
  return { start: at + 1, end: at + 1, next: at + 1, read: end };
}

/** Two quotes are one. */
function endOfVerbatim(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 2))
    if (text.charAt(end + 1) !== '"') return end;
  return -1;
}

/** What `${` begins ends at its bracket, whatever stands in it. */
function endOfTemplate(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 92) at++;
    else if (char === 96 && depth === 0) return at;
    else if (char === 123 && (depth > 0 || text.charCodeAt(at - 1) === 36)) depth++;
    else if (char === 125 && depth > 0) depth--;
  }
  return -1;
}

/** Where the lines begin that a word begins, in the order of the text. */
type LinesByWord = ReadonlyMap<string, readonly number[]>;
const NO_LINES: LinesByWord = new Map();

function linesByWord(text: string): LinesByWord {
  const lines = new Map<string, number[]>();
  for (const { index, 1: word = "" } of text.matchAll(/^[ \t]*([A-Za-z_]\w*)/gm)) {
    const known = lines.get(word);
    if (known === undefined) lines.set(word, [index]);
    else known.push(index);
  }
  return lines;
}

/** It ends at the first line that begins with its word. PHP allows a space before the word; Ruby's `list << item` is an operator. */
function hereDocument({ text, lines, lineEnd }: SourceText, at: number): StringAt | null {
  const opening = /^<<(?:<[ \t]?|[-~]?)(["']?)([A-Za-z_]\w{0,40})\1/.exec(text.slice(at, at + 60));
  if (opening === null) return null;
  const start = lineEnd(at) + 1;
  const ends = lines.get(opening[2] as string) ?? [];
  const end = ends[countBelow(ends, start)];
  return end === undefined ? null : { start, end, next: end };
}

/** What people read: `EXAMPLES = r"""`, `Long: ` of a command. */
const MANUAL =
  /\b(?:documentation|examples?|returns?|usage|help|long|short|descriptions?|docs?|docstring|readme|manual)["']?\s{0,4}[:=]\s{0,4}(?:[\w.]{1,40}\()?$/i;

/** False for a string that stands alone, as Python's comments on functions do, and for a manual. */
function isValue(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 200), at).replace(/(^|[^\w$@])[brufRBUF@$#]{1,3}$/, "$1");
  const line = before.slice(before.lastIndexOf("\n") + 1).trimEnd();
  if (MANUAL.test(line)) return false;
  if (line !== "") return /[=([{,:+?|&>%~]$|\b(?:return|yield|in|or|and|else)$|[\w)\]]$/.test(line);
  return /[=([{,+]\s*$/.test(before);
}

/** One line of settings: a name, a sign, and a value of one word. */
const SETTING =
  /^\s{0,80}(?:-\s{1,4}|export\s{1,4}|set\s{1,4}|ENV\s{1,4}|-e\s{1,4})?(["']?)[A-Za-z_][\w.-]{1,80}\1\s{0,8}(?:=\s{0,4}|:\s{1,8})(\S{3,400})\s{0,8}$/;
/** What templates, types and expressions have in a value's place. */
const NO_VALUE =
  /%[sqvdw]|#\{|^\$\w|^\{[\w.]{1,60}\}$|[;,({[]$|^[A-Z][a-z]+[!?]?$|^(?:ID|UUID|string|number|boolean|bool|int|integer|float|text|uuid|date|any|object|varchar|nil|none|null|undefined|required|optional)[!?]?$|^[[{<(&*|>!]|\w\(/;

/** Whether a line of a string of several lines may give a name a value of one word. */
export function isSetting(line: string): boolean {
  const value = SETTING.exec(line)?.[2];
  return value !== undefined && !NO_VALUE.test(value);
}

const OTHER_LINES =
  /^\s{0,80}(?:#|;|\/\/|---|\[[\w. "-]{1,80}\]\s{0,8}$|-\s|["']?[\w./-]{1,80}["']?\s{0,8}(?::|=)\s{0,8}(?:$|[|>]|["'\w$<{/][^;{}()]{0,300}$))/;

/** How a line of such a string is read. */
export function innerLanguage(line: string): Language {
  return /^\s{0,80}(?:-\s|(["']?)[\w.-]{1,80}\1\s{0,8}:\s)/.test(line) ? "yaml" : "dotenv";
}
