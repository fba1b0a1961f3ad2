import type { NamedLiteral } from "./assignment.ts";
import type { Language } from "./language.ts";
import { unescaped, unescapedShell } from "./unescape.ts";

/** The name at the beginning of a line of settings, by language; the value continues after it. */
const HEADS: { readonly [language in Language]?: RegExp } = {
  dotenv: /^\s{0,40}(?:export\s{1,4}|set\s{1,4})?([A-Za-z_][\w.-]{0,119})\s{0,4}=\s{0,4}/,
  shell:
    /^\s{0,80}(?:: \d{9,11}:\d{1,6};)?(?:(?:export|readonly|local|declare|typeset|setenv|set|SET|Set|env)\s{1,4}(?:-{1,2}[A-Za-z]{1,8}\s{1,4}|"(?=\w)){0,3})?([A-Za-z_]\w{0,119})(?:\+?=|\s(?=\S{1,400}$)(?<=(?:setenv|set\s{1,4}-{1,2}[A-Za-z]{1,10})\s{1,4}\w{1,120}\s))/,
  docker: /^\s{0,40}(?:ENV|ARG)\s{1,8}([A-Za-z_][\w.-]{0,119})(?:=|\s{1,8})/i,
  make: /^ {0,40}(?:export\s{1,4}|override\s{1,4}|define\s{1,4}){0,2}([A-Za-z_][\w.-]{0,119})\s{0,20}(?:::?:?=|\?=|\+=|!=|=)\s{0,20}/,
  yaml: /^\s{0,120}(?:-\s{1,8}){0,3}(["']?)(?<name>[A-Za-z_./][^:"'#{}[\],=\n]{0,119}?)\1\s{0,8}:(?=\s|$)\s{0,20}(?:[!&]\S{1,40}\s{1,4})?/,
  ini: /^\s{0,40}(?:export\s{1,4}|@)?["']?(\/\/[\w.-]{1,120}(?::\d{1,5})?\/[\w.@/-]{0,80}:_\w{4,20}|[A-Za-z_/][\w.$:/@\\-]{0,159}?)["']?\s{0,40}(?:=(?![=>])|:(?=\s|[^\s/:=]))\s{0,40}/,
  prose: /^\s{0,20}(?:[$>#]\s)?(?:export\s{1,4}|set\s{1,4}|ENV\s{1,4})?([A-Za-z_][\w.-]{0,79})\s?=\s?/,
};
/** Entries of a list: `- NAME=value`, `- "NAME=value"`. */
const ITEM = /^\s{0,120}-\s{1,8}(["']?)([A-Za-z_][\w.-]{0,119})=/;
const COMMENT = /^\s{0,80}(?:#(?!\s?\w{0,20}=)|;|\/\/(?![\w.-]{1,120}(?::\d{1,5})?\/[\w.@/-]{0,80}:_\w)|\*|--\s)/;

/** The name that a line of settings begins with, and its value; null when it begins with none. */
export function headOf(line: string, language: Language): NamedLiteral | null {
  if (COMMENT.test(line)) return ofComment(line, language);
  if (language === "yaml") {
    const item = ITEM.exec(line);
    if (item !== null) return listed(line, item[0].length, item[2] as string, item[1] as string);
  }
  const match = HEADS[language]?.exec(line) ?? null;
  // A ConfigMap holds files of settings in blocks.
  if (match === null) return language === "yaml" && INNER.test(line) ? headOf(line, "ini") : null;
  const name = match.groups?.["name"] ?? match[1] ?? "";
  // Words before a colon are a sentence.
  if (language === "yaml" && /\s/.test(name)) return null;
  // `"NAME=value",`: the quote is around both.
  const around = /(["'])[\w.$:/@\\-]{1,160}\s{0,4}[=:]\s{0,4}$/.exec(match[0])?.[1];
  if (around !== undefined && language !== "yaml") return listed(line, match[0].length, name, around);
  return valueAt(line, match[0].length, name, language);
}

/** A setting that is commented out. */
function ofComment(line: string, language: Language): NamedLiteral | null {
  const mark = /^\s{0,80}(?:#{1,3}|;|\/\/)\s{0,4}(?=["'A-Za-z_-])/.exec(line)?.[0];
  if (mark === undefined) return null;
  const found = headOf(line.slice(mark.length), language);
  return found && { ...found, start: found.start + mark.length, end: found.end + mark.length };
}

const WORD = /(?:^|[\s;&|(])([A-Za-z_][\w.-]{0,119})=(?=[^\s=])/g;

/** Every `NAME=value` of a line: `ENV A=1 B=2`, `A=1 B=2 ./run`. */
export function wordsOf(line: string, language: Language): NamedLiteral[] {
  if (COMMENT.test(line)) return [];
  const found: NamedLiteral[] = [];
  for (const match of line.matchAll(WORD)) {
    const word = shellWord(line, match.index + match[0].length, match[1] as string);
    if (word !== null && word.start >= (found.at(-1)?.end ?? 0)) found.push(word);
  }
  return language === "docker" && /^\s{0,40}LABEL\s/i.test(line) ? [] : found;
}

const INNER = /^\s{0,120}[A-Za-z_][\w.-]{0,119}\s?=\s?\S/;

/** `"NAME=value"`: the quote stands before the name. */
function listed(line: string, start: number, name: string, quote: string): NamedLiteral | null {
  if (quote === "") return valueAt(line, start, name, "yaml");
  const end = line.lastIndexOf(quote);
  if (end <= start) return null;
  const raw = line.slice(start, end);
  const value = quote === '"' ? unescaped(raw) : raw.replaceAll("''", "'");
  return { name, start, end, value, quoted: true };
}

function valueAt(line: string, start: number, name: string, language: Language): NamedLiteral | null {
  const quote = line.charAt(start);
  if (language === "shell" || language === "docker") {
    if (language === "docker" && line.charAt(start - 1) !== "=") return plain(line, start, name, language);
    // A file of settings in a here-document: `OPTS=-h db -p…`, `CONFIG={"password": …}`.
    if (/^(?:-{1,2}[A-Za-z]|\{")/.test(line.slice(start, start + 3))) return plain(line, start, name, "dotenv");
    return shellWord(line, start, name);
  }
  if (language === "dotenv" && quote === "'" && line.includes("'\\''")) return shellWord(line, start, name);
  if (quote === '"' || quote === "'") {
    const end = closing(line, start, quote, language);
    if (end < 0) return null;
    const raw = line.slice(start + 1, end);
    const single = language === "yaml" || language === "ini" ? raw.replaceAll("''", "'") : raw;
    return { name, start: start + 1, end, value: quote === '"' ? unescaped(raw) : single, quoted: true };
  }
  return plain(line, start, name, language);
}

/** Up to the end of the line, or to what ends a value without quotes. */
function plain(line: string, start: number, name: string, language: Language): NamedLiteral | null {
  const stop = line.indexOf("\n", start);
  let raw = stop < 0 ? line.slice(start) : line.slice(start, stop);
  const comment = language === "ini" ? /\s[#;]\s/.exec(raw) : /\s#/.exec(raw);
  if (comment !== null && (language !== "docker" || raw.endsWith("\\"))) raw = raw.slice(0, comment.index);
  if (language === "docker" || language === "make") raw = raw.replace(/\\$/, "");
  raw = raw.trimEnd();
  // A line of JSON, in a block.
  if (language === "yaml" && /"\s{0,8}:\s{0,8}$/.test(line.slice(0, start))) raw = raw.replace(/,$/, "");
  // Blocks, anchors, aliases and flow collections are no scalars; their content has separate lines or names.
  if (raw === "" || (language === "yaml" && /^(?:[|>][+-]?\d?$|[&*{[])/.test(raw))) return null;
  if (language === "ini" && /^(?:\[|\{)/.test(raw)) return null;
  const value = language === "ini" && raw.includes("\\") ? raw.replace(/\\(?=[\\:=#!])/g, "") : raw;
  return {
    name,
    start,
    end: start + raw.length,
    value: unescapedPlain(value, language),
    quoted: false,
  };
}

function unescapedPlain(value: string, language: Language): string {
  if (language === "make") return value.replaceAll("$$", "$");
  return language === "docker" ? value.replaceAll("\\$", "$") : value;
}

/** A word as a shell reads it: pieces in quotes and without, one behind the other. */
function shellWord(line: string, start: number, name: string): NamedLiteral | null {
  let value = "";
  let at = start;
  while (at < line.length && !endsWord(line, at)) {
    const piece = pieceAt(line, at);
    if (piece === null) return null;
    value += piece.text;
    at = piece.end;
  }
  // Brackets directly after it make it a call or a reference.
  if (value === "" || line.charAt(at) === "(") return null;
  const raw = line.slice(start, at);
  const quote = raw.charAt(0);
  const once = raw.length > 1 && (quote === '"' || quote === "'") && raw.indexOf(quote, 1) === raw.length - 1;
  return { name, start: once ? start + 1 : start, end: once ? at - 1 : at, value, quoted: once };
}

function endsWord(line: string, at: number): boolean {
  const char = line.charAt(at);
  return /[\s;&|<>()]/.test(char) && !(char === "(" && line.charAt(at - 1) === "$");
}

/** The piece of a word that begins at `at`; null where a program's output stands, or a quote is open. */
function pieceAt(line: string, at: number): { readonly text: string; readonly end: number } | null {
  const char = line.charAt(at);
  const next = line.charAt(at + 1);
  if (char === "\\") return { text: next, end: at + 2 };
  if (char === "$" && next === "'") return { text: "", end: at + 1 };
  if ((char === "$" && next === "(") || (char === "`" && line.includes("`", at + 1))) return null;
  if (char !== '"' && char !== "'") return { text: char, end: at + 1 };
  const close = closing(line, at, char, char === '"' ? "shell" : "yaml");
  if (close < 0) return null;
  const raw = line.slice(at + 1, close);
  const single = line.charAt(at - 1) === "$" ? unescaped(raw) : raw;
  return { text: char === '"' ? unescapedShell(raw) : single, end: close + 1 };
}

/** The place of the closing quote; -1 when there is none. YAML and shells take a backslash in single quotes as it is. */
function closing(line: string, at: number, quote: string, language: Language): number {
  for (let end = at + 1; end < line.length; end++) {
    const char = line.charAt(end);
    if (char === "\\" && !(quote === "'" && /^(?:yaml|shell|dotenv|docker)$/.test(language))) end++;
    else if (char === quote) {
      // PostgreSQL doubles quotes too; two at the beginning are an empty value.
      const isDoubled = quote === "'" && line.charAt(end + 1) === "'";
      if (isDoubled && (language === "yaml" || (language === "ini" && end > at + 1))) end++;
      else return end;
    }
  }
  return -1;
}
