import type { NamedLiteral } from "./assignment.ts";
import type { Language } from "./language.ts";
import { unescaped, unescapedSingle, unescapedXml } from "./unescape.ts";

/** What takes a name and a value: `os.Setenv(`, `define(`, `setProperty(`, `getenv(`, `header(`. */
const TAKES_PAIR =
  /(?:set\w{0,20}|put\w{0,12}|add\w{0,12}|def(?:ine)?|get_?env|env|fetch|get|config\w{0,12}|append|default|header\w?|property|option|with\w{0,12}|register|secret\w{0,8}|arg|lookup|variable|write|store|insert)\(\s{0,4}$/i;
const NAME = /^[A-Za-z_][\w.:/ -]{0,79}$/;
const INNER = /^(?:-D|--?)?([A-Za-z_][\w.-]{0,79})=(?!=)([\s\S]{1,4000})$/;

/** The strings in quotes that a piece of code or of a structured document gives a name. */
export function literalsIn(text: string, language: Language): NamedLiteral[] {
  const found: NamedLiteral[] = [];
  let before: { readonly text: string; readonly start: number; readonly end: number } | null = null;
  const states = language === "code" && text.length < LINE && STATEMENT.test(text);
  for (const { start, end } of stringsIn(text)) {
    const raw = text.slice(start, end);
    const name = mayHaveName(text, start - 1) ? nameOf(text, start - 1, end + 1, before) : null;
    before = { text: raw, start: start - 1, end: end + 1 };
    // Most strings of code have no name and hold none: only a sign, or an escape that stands for one, gives one inside.
    if (name === null && !raw.includes("=") && !raw.includes("\\") && !raw.includes("&") && !states) continue;
    const value = decoded(raw, text.charAt(start - 1), language);
    if (name !== null) found.push({ name, start, end, value, quoted: true });
    if (name === null && states && STATEMENT.test(raw)) found.push({ name: "", start, end, value, quoted: true });
    const inner = INNER.exec(value);
    if (inner !== null && (name === null || name === "")) {
      const [, key = "", rest = ""] = inner;
      const at = raw.indexOf("=") + 1;
      found.push({ name: key, start: start + at, end, value: rest, quoted: true });
    }
  }
  return found;
}

/** SQL that gives a user a password. */
const STATEMENT = /\b(?:identified\s|(?:user|role)\s.{1,200}password\s)/i;
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

/** Most strings of code have none: their names are not looked for. */
function mayHaveName(text: string, quoteAt: number): boolean {
  let last = quoteAt - 1;
  while (last > 0 && (text.charCodeAt(last) === 32 || text.charCodeAt(last) === 9)) last--;
  return MAY_GIVE_NAME[text.charCodeAt(last)] === 1;
}

function nameOf(
  text: string,
  quoteAt: number,
  behind: number,
  before: { readonly text: string; readonly start: number; readonly end: number } | null,
): string | null {
  const head = unmarked(text.slice(Math.max(0, quoteAt - AROUND), quoteAt)).trimEnd();
  if (!GIVES_NAME.has(head.charAt(head.length - 1))) return null;
  // `("NAME", "value")`: the name is the argument before.
  if (head.endsWith(",")) {
    if (before === null || unmarked(text.slice(before.end, quoteAt)).trim() !== ",") return null;
    const call = text.slice(Math.max(0, before.start - 60), before.start);
    return NAME.test(before.text) && TAKES_PAIR.test(call) ? before.text : null;
  }
  if (!head.endsWith("(")) return assigned(head) ?? fallback(head);
  const callee = endingIn(CALLEE, head, head.length - 1, 80);
  if (WRAPS.test(callee)) {
    const outer = head.slice(0, -1 - callee.length).trimEnd();
    const name = assigned(outer.endsWith("new") ? outer.slice(0, -3).trimEnd() : outer);
    if (name !== null) return name;
  }
  if (!/^\s{0,4}\)/.test(text.slice(behind, behind + 8))) return null;
  return /([A-Za-z_]\w{0,60})(?:\(\))?\.[eE]quals$/.exec(callee)?.[1] ?? setterOf(callee);
}

/** What ends with none of these gives a string no name: of code's strings most are looked at no further. */
const GIVES_NAME = new Set([",", "(", "=", ":", ">", "|", "?", "r", "e"]);
/** The same before a mark is taken off, or white space that is no blank. */
const MAY_GIVE_NAME = new Uint8Array(256);
for (const char of [...GIVES_NAME, ...Array.from("bufRBUF@$\r\n\f\v\xa0")]) MAY_GIVE_NAME[char.charCodeAt(0)] = 1;

function unmarked(head: string): string {
  const end = head.slice(-3);
  const bare = end.replace(MARK, "$1");
  return bare === end ? head : head.slice(0, -3) + bare;
}

const AROUND = 200;
/** Marks that languages put before a string: Python's `b` and `r`, C#'s `@`. */
const MARK = /(^|[^\w$@])[brufRBUF@$]{1,2}$/;
/** What makes a value of another type of a string: `SecretStr("…")`, `String::from("…")`. */
const WRAPS = /secret|str|quote|from|\bof\b|some|bytes|sensitive/i;
const SIGNS = ["||=", "??=", "::=", "=>", ":=", "?=", "+=", ".=", "=", ":"];

/** `name =`, `"name":`, `name =>`, `name: str =`, `config["name"] ||=`: the name that a string is assigned to. */
function assigned(head: string): string | null {
  const sign = SIGNS.find((one) => head.endsWith(one));
  if (sign === undefined) return null;
  const rest = head.slice(0, -sign.length);
  // What a password is compared with opens the account too.
  if (sign === "=" && /[^=!<>][=!]={0,1}$/.test(rest)) return lastName(rest.replace(/[=!]{1,2}$/, "").trimEnd());
  if (sign === "=" && /[=!<>]$/.test(rest)) return null;
  const left = rest.trimEnd();
  if (sign === "=" && !POWERSHELL.test(left)) {
    const type = endingIn(TYPE, left, left.length, 40);
    const typed = left.slice(0, left.length - type.length).trimEnd();
    if (type !== "" && typed.endsWith(":")) return lastName(typed.slice(0, -1).trimEnd());
  }
  return lastName(left);
}

const [CALLEE, TYPE] = [".:>-", ".<>[]|?"].map((marks) => {
  const own = new Uint8Array(256);
  for (let code = 0; code < 256; code++)
    if (/\w/.test(String.fromCharCode(code)) || marks.includes(String.fromCharCode(code))) own[code] = 1;
  return own;
}) as [Uint8Array, Uint8Array];

/** The characters of one kind in front of `end`: read from there, since a search begins at each character. */
function endingIn(kind: Uint8Array, text: string, end: number, most: number): string {
  let from = end;
  while (from > 0 && end - from < most && kind[text.charCodeAt(from - 1)] === 1) from--;
  return text.slice(from, end);
}

/** The name at the end, in front of three closing marks at most: read from the end, since a search begins at each character. */
function lastName(left: string): string | null {
  let end = left.length;
  while (end > 0 && left.length - end < 3 && CLOSERS.has(left.charAt(end - 1))) end--;
  let from = end;
  while (from > 0 && end - from < 80 && left.length - from < 83 && NAME_BYTE.test(left.charAt(from - 1))) from--;
  while (from < end && !/[A-Za-z_]/.test(left.charAt(from))) from++;
  return from === end ? null : bare(left.slice(from, end));
}

/** `$env:NAME =`, `$script:name =`: what stands before the colon is no name. */
const POWERSHELL = /\$(?:env|script|global|local|private|using):\w{1,80}$/i;
const CLOSERS = new Set(['"', "'", "]", ")"]);
const NAME_BYTE = /[\w.$-]/;

/** `name = process.env.NAME || "…"`, `name = os.getenv("NAME") or "…"`: what counts when nothing else is given. */
function fallback(head: string): string | null {
  if (!/(?:\|\||\?\?|\?:|\bor|\belse)$/.test(head)) return null;
  const statement = head.slice(Math.max(...[";", "{", "\n"].map((mark) => head.lastIndexOf(mark))) + 1);
  const sign = statement.search(/=|:/);
  return sign < 0 ? null : lastName(statement.slice(0, sign).trimEnd());
}

/** `.setPassword(`, `.api_key(`, `withToken(`. */
function setterOf(callee: string): string | null {
  const last = /[A-Za-z]\w{2,60}$/.exec(callee)?.[0];
  if (last === undefined || ASKS.test(last)) return null;
  const name = /^(?:set|with|add|put)(?:_|(?=[A-Z]))(\w{3,60})$/.exec(last)?.[1];
  return name ?? (last.length < callee.length ? last : null);
}

/** `createSessionToken("csrf")` takes what the token is for. */
const ASKS =
  /^(?:create|generate|get|find|fetch|check|is|has|verify|validate|remove|delete|revoke|refresh|make|parse)[A-Z_]/;

/** Without the marks of PHP's and shells' variables. */
function bare(name: string): string {
  return name.replace(/^\${1,3}/, "");
}

function decoded(raw: string, quote: string, language: Language): string {
  if (language === "xml") return unescapedXml(raw);
  if (quote === "`") return raw;
  if (quote === "'" && language === "yaml") return raw.replaceAll("''", "'");
  return quote === "'" ? unescapedSingle(raw) : unescaped(raw);
}
