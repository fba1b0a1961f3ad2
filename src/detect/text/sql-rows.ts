import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";
import type { NamedLiteral } from "./assignment.ts";
import { secretColumn } from "./columns.ts";

/** What begins a table, or rows of one; a name may have its schema before it. */
const BEGINS =
  /\b(?:create\s{1,4}table\s{1,4}(?:if\s{1,4}not\s{1,4}exists\s{1,4})?(?<made>[\w."`[\]]{1,130})\s{0,4}\(|(?:insert|replace)\s{1,4}(?:ignore\s{1,4})?(?:into\s{1,4})?(?<into>[\w."`[\]]{1,130})\s{0,8}(?:\((?<columns>[^()]{1,4000})\)\s{0,8})?(?:overriding\s[a-z ]{5,20}\s)?values\s{0,8}(?=\()|copy\s{1,4}[\w."`[\]]{1,130}\s{1,4}\((?<copied>[^()]{1,4000})\)\s{1,4}from\s{1,4}stdin[^\n]{0,80}\n)/gi;
const COLUMN = /^\s{0,20}["`[]?([A-Za-z_]\w{0,63})["`\]]?(?:\s|$)/;
const NO_COLUMN = /^\s{0,20}(?:primary|unique|key|index|constraint|foreign|check|fulltext)\b/i;
/** `('smtp_password', '…')`: a row of a table of settings. */
const SETTING = /'([A-Za-z_][\w.-]{2,80})',\s{0,4}'((?:[^'\\\n]|\\.|''){6,200})'/g;

/** The cells of rows that SQL puts into a table, under the names of their columns; places are those of the bytes. */
export function* namedInRows(bytes: Buffer): Generator<NamedLiteral> {
  const text = bytes.toString("latin1");
  const tables = new Map<string, readonly (string | null)[]>();
  // What was read is not searched: no text makes two readings of one place.
  for (let from = 0; ;) {
    BEGINS.lastIndex = from;
    const match = BEGINS.exec(text);
    if (match === null) break;
    const { made, into, columns, copied } = match.groups ?? {};
    from = BEGINS.lastIndex;
    if (made !== undefined) {
      const { names, end } = columnsOf(text, from);
      tables.set(bare(made), names);
      from = end;
    } else if (copied !== undefined) from = yield* copiedRows(text, from, namesIn(copied));
    else {
      const names = columns === undefined ? (tables.get(bare(into ?? "")) ?? []) : namesIn(columns);
      if (names.some((name) => name !== null)) from = yield* rows(text, from, names);
    }
  }
  for (const match of text.matchAll(SETTING)) {
    const [whole, name = "", value = ""] = match;
    const { family, setting } = readName(name);
    if (family === null || setting !== null) continue;
    if (!looksRandom(value, 12) && !(family === "password" && humanPassword(value))) continue;
    const end = match.index + whole.length - 1;
    yield { name, value: unquoted(value), start: end - value.length, end, quoted: true };
  }
}

/** Without its schema and the marks around it. */
function bare(table: string): string {
  return (table.split(".").at(-1) ?? "").replace(/["`[\]]/g, "").toLowerCase();
}

function namesIn(list: string): (string | null)[] {
  return list.split(",").map((column) => secretColumn(column.replace(/["`[\]]/g, "")));
}

/** The columns of a table that is made, and where its list of them ends. */
function columnsOf(text: string, from: number): { readonly names: (string | null)[]; readonly end: number } {
  const names: (string | null)[] = [];
  let [at, begin, depth] = [from, from, 1];
  const last = Math.min(text.length, from + LONGEST_LIST);
  for (; at < last && depth > 0; at++) {
    const char = text.charAt(at);
    if (char === "'") at = Math.abs(closing(text, at + 1));
    else if (char === "\n" && beginsStatement(text, at + 1)) break;
    else if (char === "-" && text.charAt(at + 1) === "-") {
      const end = text.indexOf("\n", at);
      const isFirst = text.slice(begin, at).trim() === "";
      at = end < 0 || end > last ? last : end;
      if (isFirst) begin = at;
    } else if (char === "(") depth++;
    else if (char === ")") depth--;
    if (depth > 1 || (depth === 1 && char !== ",")) continue;
    const line = text.slice(begin, Math.min(at, begin + 200));
    const name = NO_COLUMN.test(line) ? undefined : COLUMN.exec(line)?.[1];
    if (name !== undefined) names.push(secretColumn(name));
    begin = at + 1;
  }
  return { names, end: at };
}

/** More than 1,000 columns with what dumps say of each. */
const LONGEST_LIST = 100_000;

/** `(1, 'ada', '…'), (2, …)`; says where they end. */
function* rows(text: string, from: number, names: readonly (string | null)[]): Generator<NamedLiteral, number> {
  let [column, depth] = [0, 0];
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "'") {
      const end = closing(text, at + 1);
      if (end < 0) return -end;
      const name = depth > 0 ? names[column] : null;
      if (name !== null && name !== undefined) yield* cell(name, text, at + 1, end);
      at = end;
    } else if (char === "(") {
      if (depth++ === 0) column = 0;
    } else if (char === ")") depth--;
    else if (char === "," && depth === 1) column++;
    else if (depth < 1 && char !== "," && char.trim() !== "") return at;
  }
  return at;
}

/** The quote that ends a text; where one has none, since not all dialects escape by `\`, minus where the next statement begins. */
function closing(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 39 && text.charCodeAt(at + 1) === 39) at++;
    else if (code === 39) return at;
    else if (code === 10 && beginsStatement(text, at + 1)) return -at;
  }
  return -text.length;
}

const beginsStatement = (text: string, at: number): boolean =>
  /^(?:INSERT|REPLACE|CREATE|COPY)\s/i.test(text.slice(at, at + 8));

/** The lines behind `COPY … FROM stdin`, up to `\.`. */
function* copiedRows(text: string, from: number, names: readonly (string | null)[]): Generator<NamedLiteral, number> {
  if (names.every((name) => name === null)) return from;
  for (let start = from; start < text.length;) {
    const next = text.indexOf("\n", start);
    const end = next < 0 ? text.length : next;
    if (text.startsWith("\\.", start)) return end;
    let at = start;
    for (const [column, value] of text.slice(start, end).split("\t", names.length).entries()) {
      const name = names[column];
      if (name !== null && name !== undefined && value !== "\\N") yield* cell(name, text, at, at + value.length);
      at += value.length + 1;
    }
    start = end + 1;
  }
  return text.length;
}

/** What is no password has to look like a secret. */
function* cell(name: string, text: string, start: number, end: number): Generator<NamedLiteral> {
  const value = text.slice(start, Math.min(end, start + 4096));
  const isSure = /^(?:password|pin|phrase)$/.test(readName(name).family ?? "");
  if (value.length < 3 || (!isSure && !looksRandom(value, 12) && !humanPassword(value))) return;
  yield { name, value: unquoted(value), start, end, quoted: true };
}

function unquoted(value: string): string {
  return value.replace(/''|\\(['"\\])/g, (pair, mark: string | undefined) => mark ?? pair.charAt(0));
}
