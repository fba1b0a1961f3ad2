/** A piece of HCL. `text` is the decoded content of a string, the name, or the mark. */
export type HclWord = {
  readonly kind: "string" | "name" | "number" | "mark" | "newline";
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A string with `${…}` or `%{…}` in it. */
  readonly filled: boolean;
};

const BLANK = /[ \t\r]+|#[^\n]*|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y;
const NAME = /[A-Za-z_][\w-]*/y;
const NUMBER = /-?\d[\d.eE+-]*/y;
const HEREDOC = /<<-?[ \t]*"?([A-Za-z_][\w-]{0,80})"?[ \t]*\r?\n/y;
/** A line that may end a heredoc. */
const ALONE = /^[ \t]*([A-Za-z_][\w-]{0,80})[ \t]*\r?$/gm;
/** TOML's strings of several lines. */
const SEVERAL = /"""[^]*?"""|'''[^]*?'''/y;

/** The words of HCL 2 (and of TOML's values), tolerant: what is not understood is a mark. */
export function hclWords(text: string): HclWord[] {
  const words: HclWord[] = [];
  const closings = Map.groupBy(text.matchAll(ALONE), ([, mark = ""]) => mark);
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  for (let at = 0; at < text.length;) {
    const blank = take(BLANK, at);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const several = take(SEVERAL, at);
    const word =
      (several === null ? stringAt(text, at) : wordOf("string", several[0].slice(3, -3), at, at + several[0].length)) ??
      heredocAt(text, take(HEREDOC, at), closings) ??
      plainAt(text, at, take);
    words.push(word);
    at = word.end;
  }
  return words;
}

function wordOf(kind: HclWord["kind"], text: string, start: number, end: number, filled = false): HclWord {
  return { kind, text, start, end, filled };
}

function plainAt(text: string, at: number, take: (pattern: RegExp, at: number) => RegExpExecArray | null): HclWord {
  const [name] = take(NAME, at) ?? [];
  if (name !== undefined) return wordOf("name", name, at, at + name.length);
  const [number] = take(NUMBER, at) ?? [];
  if (number !== undefined) return wordOf("number", number, at, at + number.length);
  const mark = text.charAt(at);
  return wordOf(mark === "\n" ? "newline" : "mark", mark, at, at + 1);
}

const ESCAPES: { readonly [letter: string]: string } = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** A quoted string. A quote inside `${…}` does not end it. Of one that its line does not end, the line is a mark. */
function stringAt(text: string, start: number): HclWord | null {
  const quote = text.charAt(start);
  if (quote !== '"' && quote !== "'") return null;
  let [value, filled, depth] = ["", false, 0];
  let at = start + 1;
  for (; at < text.length && text.charAt(at) !== "\n"; at++) {
    const char = text.charAt(at);
    if (depth > 0) depth += char === "{" ? 1 : char === "}" ? -1 : 0;
    else if (char === quote) return wordOf("string", value, start, at + 1, filled);
    else if (quote === "'") {
      // TOML's literal string: nothing in it means anything else.
    } else if (char === "\\") {
      const escape = escapeAt(text, at + 1);
      value += escape.text;
      at += escape.length;
      continue;
    } else if (/^([$%])\1\{/.test(text.slice(at, at + 3))) at++;
    else if (/^[$%]\{/.test(text.slice(at, at + 2))) {
      filled = true;
      depth = 1;
      value += char;
      at++;
    }
    value += text.charAt(at);
  }
  return wordOf("mark", '"', start, at);
}

/** The character that an escape stands for, and how long it is after the backslash. */
function escapeAt(text: string, at: number): { readonly text: string; readonly length: number } {
  const code = /^(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/.exec(text.slice(at, at + 9))?.[0];
  if (code === undefined) return { text: ESCAPES[text.charAt(at)] ?? `\\${text.charAt(at)}`, length: 1 };
  const point = Number.parseInt(code.slice(1), 16);
  return { text: point > 0x10_ff_ff ? "" : String.fromCodePoint(point), length: code.length };
}

/** `<<EOF … EOF`: its lines as they are. */
function heredocAt(
  text: string,
  begin: RegExpExecArray | null,
  closings: ReadonlyMap<string, readonly RegExpExecArray[]>,
): HclWord | null {
  if (begin === null) return null;
  const [opening, mark = ""] = begin;
  const from = begin.index + opening.length;
  const close = closings.get(mark)?.find(({ index }) => index >= from);
  if (close === undefined) return null;
  const body = text.slice(from, close.index);
  return wordOf("string", body, begin.index, close.index + close[0].length, /[$%]\{/.test(body));
}
