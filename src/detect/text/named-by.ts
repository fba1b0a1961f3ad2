import { declaredName, lastName } from "./last-name.ts";

/** A string in quotes: what stands between them, and the places of the quotes. */
export type QuotedString = { readonly text: string; readonly start: number; readonly end: number };

/** What takes a name and a value: `os.Setenv(`, `define(`, `setProperty(`, `getenv(`, `header(`. */
const TAKES_PAIR =
  /(?:set\w{0,20}|put\w{0,12}|add\w{0,12}|def(?:ine)?|get_?env|env|fetch|get\w{0,12}|config\w{0,12}|append|default|header\w?|property|option|with\w{0,12}|register|secret\w{0,8}|arg|lookup|variable|write|store|insert|string)\(\s{0,4}$/i;
const NAME = /^[A-Za-z_][\w.:/ -]{0,79}$/;
/** An option of a command, in a list of its words. */
const OPTION = /^--?[A-Za-z][\w-]{1,60}$/;

const AROUND = 200;
/** Marks that languages put before a string: Python's `b` and `r`, C#'s `@`, Rust's `r#`. */
const MARK = /(^|[^\w$@])(?:[brufRBUF@$]{1,2}|r#{1,3})$/;
/** What makes a value of another type of a string: `SecretStr("…")`, `String::from("…")`, `[]byte("…")`. */
const WRAPS = /secret|str|quote|from|\bof\b|some|byte|sensitive/i;
const SIGNS = ["||=", "??=", "::=", "=>", ":=", "?=", "+=", ".=", "->", "<-", "=", ":"];

/** What ends with none of these gives a string no name: of code's strings most are looked at no further. */
const GIVES_NAME = new Set([",", "(", "=", ":", ">", "|", "?", "-", "r", "e", "o", "q"]);
/** The same before a mark is taken off, or white space that is no blank. */
const MAY_GIVE_NAME = new Uint8Array(256);
for (const char of [...GIVES_NAME, ...Array.from("bufRBUF@$#\"'\r\n\f\v\xa0")]) MAY_GIVE_NAME[char.charCodeAt(0)] = 1;

/** Most strings of code have none: their names are not looked for. */
export function mayHaveName(text: string, quoteAt: number): boolean {
  let last = quoteAt - 1;
  while (last > 0 && (text.charCodeAt(last) === 32 || text.charCodeAt(last) === 9)) last--;
  return MAY_GIVE_NAME[text.charCodeAt(last)] === 1;
}

/** The name that the string between `quoteAt` and `behind` is given; null if it has none. */
export function nameOf(text: string, quoteAt: number, behind: number, before: QuotedString | null): string | null {
  const head = unmarked(text.slice(Math.max(0, quoteAt - AROUND), quoteAt)).trimEnd();
  if (!GIVES_NAME.has(head.charAt(head.length - 1))) return null;
  if (head.endsWith(",")) return ofPair(text, head, quoteAt, behind, before);
  if (!head.endsWith("(")) return ofDefault(text, head, before) ?? fallback(head);
  const callee = endingIn(CALLEE, head, head.length - 1, 80);
  if (WRAPS.test(callee)) {
    const outer = head
      .slice(0, -1 - callee.length)
      .replace(/\[\]$/, "")
      .trimEnd();
    const name = assigned(outer.endsWith("new") ? outer.slice(0, -3).trimEnd() : outer);
    if (name !== null) return name;
    // `.pass(Some("…"))`
    if (outer.endsWith("(")) return setterOf(endingIn(CALLEE, outer, outer.length - 1, 80));
  }
  if (INSTEAD.test(callee)) return lastString(head.slice(0, -1 - callee.length));
  if (!/^\s{0,4}\)/.test(text.slice(behind, behind + 8))) return null;
  return /([A-Za-z_]\w{0,60})(?:\(\))?\.[eE]quals$/.exec(callee)?.[1] ?? setterOf(callee);
}

/** `("NAME", "value")`, `["--password", "value"]`, `:name, "value"`: the name is the argument before. */
function ofPair(
  text: string,
  head: string,
  quoteAt: number,
  behind: number,
  before: QuotedString | null,
): string | null {
  if (before === null || unmarked(text.slice(before.end, quoteAt)).trim() !== ",")
    return /(?:^|[\s(,])(?:set|config\s[^"'\n]{1,80},)\s:([a-z_]\w{1,80}),$/.exec(head)?.[1] ?? null;
  if (OPTION.test(before.text) && /^\s{0,4}[,\])]/.test(text.slice(behind, behind + 6))) return before.text;
  const call = text.slice(Math.max(0, before.start - 60), before.start);
  return NAME.test(before.text) && TAKES_PAIR.test(call) ? before.text : null;
}

/** `name = "value"`; for `("--password", default="value")` what stands before says the name. */
function ofDefault(text: string, head: string, before: QuotedString | null): string | null {
  const name = assigned(head);
  if (name === null || before === null || !/^default(?:_?[vV]alue)?$/.test(name)) return name;
  const option = /^(?:--?)?([A-Za-z][\w-]{1,60})$/.exec(before.text)?.[1];
  return option !== undefined && /^\s{0,4},/.test(text.slice(before.end, before.end + 6)) ? option : name;
}

const MAY_MARK = new Uint8Array(256);
for (const char of Buffer.from("bufRBUFr@$#")) MAY_MARK[char] = 1;

function unmarked(head: string): string {
  // The first two of the three quotes that begin a string of Python's, TOML's and others.
  const open = head.endsWith('""') || head.endsWith("''") ? head.slice(0, -2) : head;
  // Most strings have no mark, which their last character shows.
  if (MAY_MARK[open.charCodeAt(open.length - 1)] !== 1) return open;
  const end = open.slice(-5);
  const bare = end.replace(MARK, "$1");
  return bare === end ? open : open.slice(0, -5) + bare;
}

/** `name =`, `"name":`, `name =>`, `name: str =`, `config["name"] ||=`: the name that a string is assigned to. */
export function assigned(head: string): string | null {
  const sign = SIGNS.find((one) => head.endsWith(one));
  if (sign === undefined) return /["'] to$|[\w}] eq$/.test(head) ? lastName(head.slice(0, -3)) : null;
  const rest = head.slice(0, -sign.length);
  if (sign === "->") return /["']\s?$/.test(rest) ? lastName(rest.trimEnd()) : null;
  // What a password is compared with opens the account too.
  if (sign === "=" && /[^=!<>][=!]={0,1}$/.test(rest)) return lastName(rest.replace(/[=!]{1,2}$/, "").trimEnd());
  if (sign === "=" && /[=!<>]$/.test(rest)) return null;
  const left = rest.trimEnd();
  if (sign === "=" && !POWERSHELL.test(left)) return declaredName(withoutLabel(left));
  return lastName(left);
}

/** `case "prod": name`: no type stands behind such a colon. */
function withoutLabel(left: string): string {
  if (!/\b(?:case\s|default\s?:)/.test(left)) return left;
  return left.replace(/^[^]*\b(?:case\s[^:;\n]{1,80}|default\s?):\s{0,8}(?=[A-Za-z_$][\w.$ ]{0,80}$)/, "");
}

const CALLEE = new Uint8Array(256);
for (let code = 0; code < 256; code++) if (/[\w.:>-]/.test(String.fromCharCode(code))) CALLEE[code] = 1;

/** The characters of one kind in front of `end`: read from there, since a search begins at each character. */
function endingIn(kind: Uint8Array, text: string, end: number, most: number): string {
  let from = end;
  while (from > 0 && end - from < most && kind[text.charCodeAt(from - 1)] === 1) from--;
  return text.slice(from, end);
}

/** `$env:NAME =`, `$script:name =`: what stands before the colon is no name. */
const POWERSHELL = /\$(?:env|script|global|local|private|using):\w{1,80}$/i;

/** What supplies a default: `getenv("NAME").unwrap_or("…")`, `sys.env.getOrElse("NAME", "…")`. */
const INSTEAD = /(?:unwrap_or|or_else|orElse|or_default)$/;

/** `name = process.env.NAME || "…"`, `name = os.getenv("NAME") or "…"`: what counts when nothing else is given. */
function fallback(head: string): string | null {
  if (/\.unwrap_or_else\(\s?(?:move\s)?\|_?\w{0,10}\|$/.test(head)) return lastString(head);
  const operator = /(?:\|\||\?\?|\?:|\bor|\belse)$/.exec(head);
  if (operator === null) return null;
  const statement = head.slice(Math.max(...[";", "{", "\n"].map((mark) => head.lastIndexOf(mark))) + 1);
  const sign = statement.slice(0, -operator[0].length).search(/=|:/);
  if (sign >= 0) return lastName(statement.slice(0, sign).trimEnd());
  return lastString(head) ?? /\benv\.([A-Z_]\w{1,80})\s{0,4}(?:\|\||\?\?)$/.exec(head)?.[1] ?? null;
}

/** The last string in front of what ends the head: the name that an environment is asked for. */
function lastString(head: string): string | null {
  return (
    /(?:env|var|get|fetch)\w{0,20}(?:\.\w{1,20})?[([]\s?["']([A-Za-z_]\w{2,80})["'][)\]]{0,3}[^"'=]{0,40}$/i.exec(
      head,
    )?.[1] ?? null
  );
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
