import { UnsprawlError } from "../model/error.ts";
import { mustFit } from "./env-limits.ts";
import { escapeDollar, filledParts, interpolate, type FilledRange, type VariableLookup } from "./interpolate.ts";

/** Which program reads the file: Compose, Compose with `format: raw`, or `docker run --env-file`. */
export type DotenvDialect = "compose" | "raw" | "docker";

export type DotenvEntry = {
  readonly name: string;
  /** Null if there is only a name and `lookup` has no value: it sets nothing, and an earlier entry stays in effect. */
  readonly value: string | null;
  /** The line of the name, from 1. */
  readonly line: number;
  /** The span to remove: its lines with indent, comment and line end; on a line with several entries, its part. */
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** The value as written, with its quotes; both are the end of the name if there is only a name. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly quote: "'" | '"' | null;
  readonly exported: boolean;
  /** The variables that its value interpolates, each once; of a name alone that is set, that name. */
  readonly uses: readonly string[];
  /** What of its value they fill. */
  readonly parts: readonly FilledRange[];
};

type Values = ReadonlyMap<string, string>;

/**
 * The entries of an env file, in order; for a repeated name the last one with a value counts. Comments and empty lines
 * belong to no entry, and neither does a byte order mark.
 *
 * `compose`: compose-go's dotenv/parser.go and godotenv.go (v2.13, unchanged since 2.4.8). Interpolation asks `lookup`
 * first, then the entries before, then `earlier`: what earlier env files set. (compose-go 2.4.8 asked those first.)
 * `raw` and `docker`: docker/cli's pkg/kvfile (v28), which Compose registers as `raw`.
 *
 * Throws what the reader refuses, as `malformed` with the line, or `absent` for a `${NAME?}` without a value; neither
 * quotes a value. Bytes that are not UTF-8, which kvfile refuses, are up to the caller that decodes the file.
 */
export function parseDotenv(
  text: string,
  dialect: DotenvDialect,
  lookup: VariableLookup,
  earlier: Values = new Map(),
): readonly DotenvEntry[] {
  return dialect === "compose" ? composeEntries(text, lookup, earlier) : plainEntries(text, lookup);
}

/**
 * Text for an entry's value that the dialect reads back as exactly this value, with or without a comment after it. Uses
 * the requested quotes (those of the entry it replaces) if they can hold it, otherwise others, never none; `raw` and
 * `docker` know no quotes. Null if the dialect cannot hold it: half a surrogate pair, and in `raw` and `docker` a
 * newline, a carriage return at the end, and a value too long for one line with a name of 256 bytes.
 */
export function renderDotenv(value: string, dialect: DotenvDialect, quote: "'" | '"' | null): string | null {
  if (!value.isWellFormed()) return null;
  if (dialect !== "compose")
    return value.includes("\n") || value.endsWith("\r") || Buffer.byteLength(value) > LONGEST - 258 ? null : value;
  if (quote === null && isPlain(value)) return escapeDollar(value);
  // A backslash before a single quote includes that quote, and nothing escapes the backslash.
  const single = !/(?<!\\)(?:\\\\)*\\(?:'|$)/.test(value) && (quote === "'" || !/\p{Cc}/u.test(value));
  if (quote !== '"' && single) return `'${value.replaceAll("'", "\\'")}'`;
  return `"${value
    .replace(/[\\"$]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")}"`;
}

/**
 * Not empty: a comment after nothing would be read as the value. Not `#` first: other readers take it for a comment.
 */
function isPlain(value: string): boolean {
  return value !== "" && !/^[\s"'#]|\s$| #|\p{Cc}/u.test(value);
}

/** bufio.MaxScanTokenSize: a line must be shorter. */
const LONGEST = 65_535;

// Go's unicode.IsSpace, with and without the newline, and the parser's own narrower isSpace.
const WIDE = "\\t\\v\\f\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const NARROW = "\\t\\v\\f\\r \\x85\\xa0";
const BETWEEN = new RegExp(`(?:[\\n${WIDE}]|#[^\\n]*(?:\\n|$))*`, "y");
const BEHIND_QUOTE = new RegExp(`[${WIDE}]*(?:#[^\\n]*(?:\\n|$)|\\n|$)?`, "y");
const EXPORT = /export(?=[\t\n\f\r ])/y;
const NAME = new RegExp(`[${NARROW}_.\\-[\\]\\p{L}\\p{N}]*`, "uy");
const WHITE = new RegExp(`[${WIDE}]*`, "y");
const BLANK = new RegExp(`[${NARROW}]*`, "y");
const TRAILING = new RegExp(`(?<![\\n${WIDE}])[\\n${WIDE}]+$`);

/** Where the match of the expression at this position ends; the position itself if it does not match there. */
function past(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function composeEntries(text: string, lookup: VariableLookup, earlier: Values): readonly DotenvEntry[] {
  const entries: DotenvEntry[] = [];
  const values = new Map(earlier);
  let done = bom(text);
  let [line, counted, filled] = [1, 0, 0];
  for (;;) {
    const at = past(BETWEEN, text, done);
    if (at === text.length) return entries;
    for (; counted < at; counted++) if (text[counted] === "\n") line++;
    const key = keyAt(text, at, line);
    const found = key.inherits
      ? { ...passedOn(key.name, lookup), start: key.nameEnd, end: key.nameEnd, quote: null, done: key.done }
      : valueAt(text, key.done, line, (name) => lookup(name) ?? values.get(name) ?? null);
    if (found.value !== null) values.set(key.name, found.value);
    filled += found.value?.length ?? 0;
    mustFit(entries.length, filled);
    const { value, quote, uses, parts, start: valueStart, end: valueEnd } = found;
    const { name, nameStart, nameEnd, exported } = key;
    // After a closing quote the next entry may follow on the same line.
    const start = Math.max(done, text.lastIndexOf("\n", at) + 1);
    done = found.done;
    entries.push({
      name,
      value,
      line,
      start,
      end: done,
      nameStart,
      nameEnd,
      valueStart,
      valueEnd,
      quote,
      exported,
      uses,
      parts,
    });
  }
}

/** What a name alone sets: the variable is passed on. */
export function passedOn(name: string, lookup: VariableLookup): Pick<DotenvEntry, "value" | "uses" | "parts"> {
  const value = lookup(name);
  if (value === null || value === "") return { value, uses: value === null ? [] : [name], parts: [] };
  return { value, uses: [name], parts: [{ name, by: "variable", start: 0, end: value.length }] };
}

type Key = Pick<DotenvEntry, "name" | "nameStart" | "nameEnd" | "exported"> & {
  readonly inherits: boolean;
  readonly done: number;
};

/**
 * parser.go `locateKeyName`. A name at the very end of the text is not a name to it: it becomes the value of a nameless
 * entry.
 */
function keyAt(text: string, at: number, line: number): Key {
  const behind = past(EXPORT, text, at);
  const exported = behind > at;
  const nameStart = exported ? past(BLANK, text, behind) : at;
  if (nameStart === text.length) throw malformed(line, "export without a name");
  const stop = past(NAME, text, nameStart);
  if (stop === text.length)
    return { name: "", nameStart, nameEnd: nameStart, exported, inherits: false, done: nameStart };
  if (!"=:\n".includes(text.charAt(stop))) throw malformed(line, "a character that cannot be in a name");
  const name = text.slice(nameStart, stop).replace(TRAILING, "");
  if (name.includes(" ")) throw malformed(line, "a name cannot contain a space");
  const inherits = text[stop] === "\n";
  const done = inherits ? stop + 1 : past(BLANK, text, stop + 1);
  return { name, nameStart, nameEnd: nameStart + name.length, exported, inherits, done };
}

type DotenvValue = Pick<DotenvEntry, "value" | "quote" | "uses" | "parts" | "start" | "end"> & {
  readonly done: number;
};

/** parser.go `extractVarValue`. A comment after an unquoted value begins with a space; a tab does not count. */
function valueAt(text: string, start: number, line: number, lookup: VariableLookup): DotenvValue {
  const quote = text[start];
  if (quote !== "'" && quote !== '"') {
    const newline = text.indexOf("\n", start);
    const stop = newline < 0 ? text.length : newline;
    const written = (text.slice(start, stop).split(" #", 1)[0] ?? "").replace(TRAILING, "");
    const done = newline < 0 ? stop : stop + 1;
    return { ...expanded(written, line, lookup), quote: null, start, end: start + written.length, done };
  }
  let content = "";
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === quote) {
      const done = past(BEHIND_QUOTE, text, at + 1);
      const read = quote === "'" ? { value: content, uses: [], parts: [] } : expanded(unescaped(content), line, lookup);
      return { ...read, quote, start, end: at + 1, done };
    }
    if (char !== "\\") content += char;
    else {
      at++;
      content += text[at] === quote ? quote : `\\${text.charAt(at)}`;
    }
  }
  throw malformed(line, "a quote that does not end");
}

function expanded(text: string, line: number, lookup: VariableLookup): Pick<DotenvEntry, "value" | "uses" | "parts"> {
  try {
    const found = interpolate(text, lookup);
    return { value: found.value, uses: [...new Set(found.uses.map((use) => use.name))], parts: filledParts(found) };
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    throw new UnsprawlError(error.code, `line ${line}: ${error.message}`, error.hint);
  }
}

const ESCAPES: { readonly [letter: string]: string } = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

/**
 * parser.go `expandEscapes`. After `\\0`, anything but an octal number up to 0377 stays, without the 0; `\\c` stays
 * whole.
 */
function unescaped(text: string): string {
  return text.replace(/\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g, (all: string, letter?: string, digits = "") => {
    if (letter !== undefined) return ESCAPES[letter] ?? all;
    return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 8)) : `\\${digits}`;
  });
}

/** kvfile.go `parseKeyValueFile`. Its lines are bufio's: without one carriage return at the end. */
function plainEntries(text: string, lookup: VariableLookup): readonly DotenvEntry[] {
  const entries: DotenvEntry[] = [];
  let line = 0;
  for (let start = 0; start < text.length;) {
    line++;
    if (start === 0) start = bom(text);
    const newline = text.indexOf("\n", start);
    const stop = newline < 0 ? text.length : newline;
    const end = newline < 0 ? stop : stop + 1;
    if (Buffer.byteLength(text.slice(line === 1 ? 0 : start, stop)) > LONGEST)
      throw malformed(line, "a line over 64 KiB");
    const valueEnd = text[stop - 1] === "\r" && stop > start ? stop - 1 : stop;
    const nameStart = Math.min(past(WHITE, text, start), valueEnd);
    if (nameStart < valueEnd && text[nameStart] !== "#") {
      const equals = text.slice(nameStart, valueEnd).indexOf("=");
      const nameEnd = equals < 0 ? valueEnd : nameStart + equals;
      const name = text.slice(nameStart, nameEnd);
      if (name === "") throw malformed(line, "no name before =");
      mustFit(entries.length, 0);
      if (/[ \t]/.test(name)) throw malformed(line, "a name cannot contain white space");
      const read =
        equals < 0 ? passedOn(name, lookup) : { value: text.slice(nameEnd + 1, valueEnd), uses: [], parts: [] };
      const valueStart = equals < 0 ? nameEnd : nameEnd + 1;
      entries.push({
        ...{ name, ...read, line, start, end, nameStart, nameEnd, valueStart, valueEnd },
        ...{ quote: null, exported: false },
      });
    }
    start = end;
  }
  return entries;
}

function bom(text: string): number {
  return text.startsWith("\ufeff") ? 1 : 0;
}

function malformed(line: number, what: string): UnsprawlError {
  return new UnsprawlError("malformed", `line ${line} of the env file: ${what}`, "correct that line, then try again");
}
