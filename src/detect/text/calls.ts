import type { NamedLiteral } from "./assignment.ts";
import type { Taker } from "./call-table.ts";
import { readName } from "../names/names.ts";
import { unescaped, unescapedSingle } from "./unescape.ts";

/** A literal that stands where something known takes a secret; `callee` is what takes it, empty if the literal has a name. */
export type Argument = NamedLiteral & { readonly callee: string };

type ArgumentPlace = { readonly start: number; readonly end: number };

/** So much behind a function's name is read. */
export const CALL = 1200;
const [MOST, DEEPEST] = [8, 8];

/** The secret that a call takes; `text` holds the call, whose function's name ends at `behind`. */
export function takenBy(takers: readonly Taker[], text: string, behind: number): Argument | null {
  const open = /^\s?(?:\(|(?=["']))/.exec(text.slice(behind, behind + 3))?.[0];
  if (open === undefined) return null;
  const places = argumentsAt(text, behind + open.length, open.endsWith("("));
  const callee = /[\w-]{1,60}$/.exec(text.slice(0, behind))?.[0] ?? "";
  for (const { at, name, namedBy, beside } of takers) {
    const place = places[at];
    const literal = place === undefined ? null : literalAt(text, place);
    if (place === undefined || literal === null) continue;
    if (beside !== undefined && !beside.test(text.slice(Math.max(0, behind - 60), place.start))) continue;
    if (namedBy === undefined) return { ...literal, name, callee };
    const namer = places[namedBy];
    const own = namer === undefined ? undefined : NAMER.exec(text.slice(namer.start, namer.end))?.[1];
    // Many a parser compares its tokens with words.
    if (own !== undefined && (!callee.endsWith("cmp") || readName(own).family === "password"))
      return { ...literal, name: own, callee: "" };
  }
  return null;
}

const NAMER = /^\s{0,20}(?:\w{1,40}:\s)?["']?[\w$.>]{0,60}?(?:->)?\$?([A-Za-z_][\w-]{0,60})["']?\s{0,4}$/;

/** Where the arguments stand; without brackets they end with the line. */
function argumentsAt(text: string, from: number, inBrackets: boolean): ArgumentPlace[] {
  const places: ArgumentPlace[] = [];
  const limit = Math.min(text.length, from + CALL);
  let [start, depth] = [from, 0];
  let at = from;
  for (; at < limit && places.length < MOST; at++) {
    const char = text.charAt(at);
    if (`"'\``.includes(char)) {
      const end = closing(text, at, char, limit);
      // An apostrophe, or a string that is too long.
      if (end < 0) return places;
      at = end;
    } else if ("([{".includes(char)) {
      if (++depth > DEEPEST) return places;
    } else if (")]}".includes(char)) {
      if (depth-- === 0) break;
    } else if (char === "," && depth === 0) {
      places.push({ start, end: at });
      start = at + 1;
    } else if (!inBrackets && depth === 0 && /[\n;]/.test(char)) break;
  }
  if (at < limit || !inBrackets) places.push({ start, end: at });
  return places;
}

function closing(text: string, at: number, quote: string, limit: number): number {
  for (let end = at + 1; end < limit; end++) {
    const char = text.charAt(end);
    if (char === "\\") end++;
    else if (char === quote) return end;
    else if (char === "\n" && quote !== "`") return -1;
  }
  return -1;
}

/** A string, also one that is turned into bytes or wrapped: `"…".toCharArray()`, `[]byte("…")`, `Some("…")`, `b'…'`. */
const WRAPPED =
  /^\s{0,80}(?:(?:\w{1,20}\s?[:=]\s?)?(?:new\s)?(?:\[\]byte|[\w.:]{0,40}(?:some|bytes?|from|get\w{0,10}|string|text|secret|parse))\(\s{0,20}|(?:utf8|u8|[bBrRuUNL@])(?=["']))?(?:("|'|`)((?:\\.|(?!\1)[^\\\n]){3,400})\1)(?:\.\w{2,30}(?:\([\w.:\s"'-]{0,40}\)?)?|,\s?["']?[\w.:-]{1,20}["']?|\)|\s){0,6}$/i;

function literalAt(text: string, { start, end }: ArgumentPlace): Omit<NamedLiteral, "name"> | null {
  const argument = text.slice(start, Math.min(end, start + 600));
  const match = WRAPPED.exec(argument);
  if (match === null) return null;
  const [, quote = "", raw = ""] = match;
  const from = start + argument.indexOf(quote) + 1;
  return {
    start: from,
    end: from + raw.length,
    value: quote === '"' ? unescaped(raw) : unescapedSingle(raw),
    quoted: true,
  };
}

/** `auth=("user", "…")`, `creds = ['user', '…']`: two words that log in. */
const LOGIN =
  /\b(auth|creds?|credentials|login|basic_auth)["']?\s{0,4}(?:=>|[=:])\s{0,4}[[(]\s{0,4}(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|[\w$.>-]{1,80})\s{0,4},\s{0,4}(?:"((?:\\.|[^"\\\n]){3,200})"|'((?:\\.|[^'\\\n]){3,200})')\s{0,4}[\])]/gi;
/** `curl_setopt($c, CURLOPT_USERPWD, 'user:…')`: the option says what stands behind it. */
const OPTION =
  /setopt\s?\(\s{0,4}[^,()\n]{1,60},\s{0,4}(?:\w{1,20}[.:]{1,2})?CURLOPT_(?:(?:PROXY)?USERPWD\s{0,4},\s{0,4}(?=["'][^"':\n]{1,80}:)|(?:(?:PROXY|TLSAUTH_)?PASSWORD|KEYPASSWD|XOAUTH2_BEARER)\s{0,4},\s{0,4})(?:"((?:\\.|[^"\\\n]){3,200})"|'((?:\\.|[^'\\\n]){3,200})')/gi;

/** The passwords that a line of code has in a pair of words that log in, or as an option of cURL. */
export function handedOverIn(line: string): Argument[] {
  const found: Argument[] = [];
  if (line.includes(",") && /auth|cred|login/i.test(line))
    for (const { index, 0: whole, 1: callee = "", 2: double, 3: single } of line.matchAll(LOGIN))
      found.push(argument(index + whole.length, whole, double ?? single ?? "", callee, double !== undefined));
  if (line.includes("CURLOPT_"))
    for (const { index, 0: whole, 1: double, 2: single } of line.matchAll(OPTION)) {
      const raw = double ?? single ?? "";
      // cURL takes `user:password`.
      const secret = whole.includes("USERPWD") ? raw.slice(raw.indexOf(":") + 1) : raw;
      found.push(argument(index + whole.length, whole, secret, "setopt", double !== undefined));
    }
  return found;
}

function argument(end: number, whole: string, raw: string, callee: string, isDouble: boolean): Argument {
  const last = end - whole.length + whole.lastIndexOf(raw) + raw.length;
  return {
    name: "password",
    start: last - raw.length,
    end: last,
    value: isDouble ? unescaped(raw) : unescapedSingle(raw),
    quoted: true,
    callee,
  };
}

const STATED =
  /(?:^|[;{])\s{0,40}(?:[#%]\s?(?:define|global)\s{1,8}|@|set\s:?)?([A-Za-z_]\w{1,80}),?\s{1,40}("(?:\\.|[^"\\\n]){1,400}"|'(?:\\.|[^'\\\n]){1,400}')\s{0,8}(?=;|\}|\/[/*]|#|\r?$)/;

/** `#define NAME "value"` of C, `%define NAME "value"` of RPM's specs, `password "value"` of Gradle, `@token "value"` of Elixir. */
export function statedIn(line: string): NamedLiteral | null {
  const match = STATED.exec(line);
  if (match === null) return null;
  const [whole, name = "", quoted = ""] = match;
  const raw = quoted.slice(1, -1);
  // Go's imports.
  if (/^[\w.-]{1,80}(?:\/[\w.-]{1,80}){1,12}$/.test(raw)) return null;
  const end = match.index + whole.lastIndexOf(quoted) + quoted.length - 1;
  return {
    name,
    start: end - raw.length,
    end,
    value: quoted.startsWith('"') ? unescaped(raw) : unescapedSingle(raw),
    quoted: true,
  };
}
