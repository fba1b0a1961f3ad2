import { looksRandom } from "../entropy.ts";
import { humanPassword } from "../names/passwordish.ts";
import type { NamedLiteral } from "./assignment.ts";
import { innerNames, mayNameInside } from "./inner-names.ts";
import type { Language } from "./language.ts";
import { assigned, mayHaveName, nameOf, type QuotedString } from "./named-by.ts";
import { unescaped, unescapedSingle, unescapedXml } from "./unescape.ts";

const SHELLS = new Set<Language>(["shell", "make", "docker"]);

/** The strings in quotes that a piece of code or of a structured document gives a name. */
export function literalsIn(text: string, language: Language): NamedLiteral[] {
  const found: NamedLiteral[] = [];
  let before: QuotedString | null = null;
  let list: string | null = null; // the name of the list that the string before stands in
  const states = language === "code" && text.length < LINE && STATEMENT.test(text);
  for (const { start, end } of stringsIn(text)) {
    // What a shell runs.
    if (SHELLS.has(language) && text.charAt(start - 1) === "`") continue;
    const raw = text.slice(start, end);
    const name = mayHaveName(text, start - 1) ? nameOf(text, start - 1, end + 1, before) : null;
    list = listOf(text, start - 1, before, list);
    before = { text: raw, start: start - 1, end: end + 1 };
    // Most strings of code have no name and hold none.
    if (name === null && list === null && !states && !mayNameInside(raw)) continue;
    const value = decoded(raw, text.charAt(start - 1), language);
    const add = (called: string): number => found.push({ name: called, start, end, value, quoted: true });
    if (name !== null) add(name);
    else if (list !== null && isItem(list, value)) add(list);
    if (name === null && states && STATEMENT.test(raw)) add("");
    if (name === null || name === "") found.push(...innerNames(raw, value, start, end));
  }
  return found;
}

/** What a list is called whose items are secrets each. */
const LIST =
  /(?:pass(?:word|wd|phrase)?|pwd|secret|(?:api|auth|access|secret|private|encryption|signing)[-_]?(?:key|token))s$/i;

/** The name of the list that a string stands in: `passwords = ["…", "…"]`. */
function listOf(text: string, quoteAt: number, before: QuotedString | null, list: string | null): string | null {
  let last = quoteAt - 1;
  while (last > 0 && text.charCodeAt(last) === 32) last--;
  const mark = text.charCodeAt(last);
  if (mark === 44) return list !== null && before !== null && text.slice(before.end, last).trim() === "" ? list : null;
  if (mark !== 91) return null;
  const name = assigned(text.slice(Math.max(0, last - 120), last).trimEnd());
  return name !== null && LIST.test(name) ? name : null;
}

/** Lists of names are as common as lists of secrets. */
function isItem(list: string, value: string): boolean {
  return looksRandom(value, 12) || (/pass|pwd/i.test(list) && humanPassword(value));
}

/** SQL that gives a user a password. */
const STATEMENT = /\b(?:identified\s|(?:user|role|login)\s.{1,200}password[\s=])/i;
/** Longer ones are written by programs. */
const LINE = 2000;
const LONGEST = 4096;

/** What stands in quotes, on one line each. */
function stringsIn(text: string): { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = [];
  // Where a quote is not closed, no later one of its kind is: so each character is looked at a few times at most.
  let [double, single, back] = [34, 39, 96]; // -1 where one is open
  for (let at = 0; at < text.length; at++) {
    const quote = text.charCodeAt(at);
    if (quote !== double && quote !== single && quote !== back) continue;
    const end = closedAt(text, at + 1, quote);
    if (end < 0 && quote === double) double = -1;
    else if (end < 0 && quote === single) single = -1;
    else if (end < 0) back = -1;
    else if (end > at + 1) found.push({ start: at + 1, end });
    if (end >= 0) at = end;
  }
  return found;
}

function closedAt(text: string, from: number, quote: number): number {
  const limit = Math.min(text.length, from + LONGEST);
  for (let at = from; at < limit; at++) {
    const char = text.charCodeAt(at);
    if (char === 92) at++;
    else if (char === quote) return at;
    else if (char === 10) return -1;
  }
  return -1;
}

function decoded(raw: string, quote: string, language: Language): string {
  if (language === "xml") return unescapedXml(raw);
  if (quote === "`") return raw;
  if (quote === "'" && language === "yaml") return raw.replaceAll("''", "'");
  return quote === "'" ? unescapedSingle(raw) : unescaped(raw);
}
