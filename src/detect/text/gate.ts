import type { Language } from "./language.ts";

/** Whether the line that ends at `to` may hold a literal for a name, from `from` on. */
export function canAssign(bytes: Uint8Array, from: number, to: number, language: Language): boolean {
  return QUOTES_ONLY.has(language) ? hasQuote(bytes, from, to) : hasSign(bytes, from, to);
}

/**
 * Where the sign stands that gives a literal to the name in which the keyword at `at` stands; -1 when none follows.
 * Most words of code are no such names, which shows before the line's ends are looked for.
 */
export function signAfter(bytes: Uint8Array, at: number, language: Language): number {
  let here = at;
  const limit = Math.min(bytes.length, at + 100);
  while (here < limit && isNameByte(bytes[here])) here++;
  // `key[]`
  if (bytes[here] === 91 && bytes[here + 1] === 93) here++;
  for (let closers = 0; closers < 4 && isCloser(bytes[here]); closers++) here++;
  const closed = isQuote(bytes[here - 1]) || isQuote(bytes[here - 2]);
  while (bytes[here] === 32 || bytes[here] === 9) here++;
  // The literal may be one that the keyword is part of: `"password=…"`.
  if (closed && language !== "code") return here;
  const byte = bytes[here];
  if (byte === undefined) return -1;
  return (language === "hcl" && byte === 123) || isSign(byte, bytes, here, at, closed) ? here : -1;
}

/** What stands behind a name, by its first byte. */
const SIGNS: ((bytes: Uint8Array, here: number, at: number, closed: boolean) => boolean)[] = [];
// `name =`, `name:`, `.name("value")`, `name ||= "value"`, `name>value<`
for (const byte of [61, 58, 63, 124, 46, 43, 62]) SIGNS[byte] = () => true;
// `name <- "value"`
SIGNS[60] = (bytes, here) => bytes[here + 1] === 45;
// `"name", "value"`, `set :password, "value"`
SIGNS[44] = (bytes, _here, at, closed) => closed || isSymbol(bytes, at);
SIGNS[33] = (bytes, here) => bytes[here + 1] === 61;
SIGNS[40] = (bytes, here) => isQuote(bytes[here + 1]) || isSome(bytes, here);
// `PASSWORD 'value'` of SQL, `--api-key value` in a string, `#define PASSWORD "value"`, `password "value"`
SIGNS[39] = SIGNS[34] = (bytes, here) => bytes[here - 1] === 32;
SIGNS[92] = (bytes, here) => bytes[here - 1] === 32 && isQuote(bytes[here + 1]);

function isSign(byte: number, bytes: Uint8Array, here: number, at: number, closed: boolean): boolean {
  if (SIGNS[byte]?.(bytes, here, at, closed) === true) return true;
  if (bytes[here - 1] !== 32) return false;
  // `"name" to "value"`, `"name" -> "value"`, `env("NAME") or "value"`
  return isDeclared(bytes, here) || isFlag(bytes, at) || (closed && isJoining(byte, bytes[here + 1]));
}

/** Whether `=` or `: ` follows on the line with one word up to its end that is no statement's. */
export function maySet(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && bytes[at] !== 61 && bytes[at] !== 58) at++;
  if (at === to || (bytes[at] === 58 && bytes[at + 1] !== 32)) return false;
  let end = to;
  while (end > at && (bytes[end - 1] as number) <= 32) end--;
  const last = bytes[end - 1];
  if (last === 59 || last === 44 || last === 123 || last === 40 || last === 41) return false;
  for (at++; at < end && bytes[at] === 32;) at++;
  if (end - at < 3) return false;
  for (; at < end; at++) if (bytes[at] === 32 || bytes[at] === 40) return false;
  return true;
}

export const QUOTES_ONLY = new Set<Language>(["code", "json", "groovy", "hcl"]);

/** Whether the name in which `at` stands begins with two dashes. */
function isFlag(bytes: Uint8Array, at: number): boolean {
  let begins = at;
  while (at - begins < 60 && isNameByte(bytes[begins - 1])) begins--;
  return bytes[begins] === 45 && bytes[begins + 1] === 45;
}

/** Whether the name in which `at` stands is a symbol, as Ruby and Elixir write it. */
function isSymbol(bytes: Uint8Array, at: number): boolean {
  let begins = at;
  while (at - begins < 60 && isNameByte(bytes[begins - 1])) begins--;
  return bytes[begins - 1] === 58;
}

/** What stands behind a name where it is declared: Go's and C's types and marks, Lua's, C#'s, Perl's `eq`. */
const DECLARED = ["string =", "PROGMEM =", "<const> =", "{ get;", "varchar(", "nvarchar(", "eq '", 'eq "'].map((text) =>
  Buffer.from(text),
);

const MAY_BE_DECLARED = new Uint8Array(256);
for (const [first = 0] of DECLARED) MAY_BE_DECLARED[first] = 1;

function isDeclared(bytes: Uint8Array, here: number): boolean {
  if (MAY_BE_DECLARED[bytes[here] ?? 0] === 0) return false;
  return DECLARED.some((text) => text[0] === bytes[here] && text.every((byte, at) => bytes[here + at] === byte));
}

/** `.password(Some("value"))` */
function isSome(bytes: Uint8Array, here: number): boolean {
  return bytes[here + 1] === 83 && bytes[here + 2] === 111 && isQuote(bytes[here + 6]);
}

/** `to`, `->`, `or`. */
function isJoining(first: number, second: number | undefined): boolean {
  return (first === 116 && second === 111) || (first === 45 && second === 62) || (first === 111 && second === 114);
}

function isNameByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 97 && byte <= 122) ||
      (byte >= 65 && byte <= 90) ||
      (byte >= 48 && byte <= 57) ||
      byte === 95 ||
      byte === 45)
  );
}

function isQuote(byte: number | undefined): boolean {
  return byte === 34 || byte === 39 || byte === 96;
}

function isCloser(byte: number | undefined): boolean {
  return isQuote(byte) || byte === 93 || byte === 41 || byte === 92 || byte === 125;
}

function hasQuote(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (isQuote(bytes[at])) return true;
  return false;
}

/** No line without a sign gives a name a value. */
function hasSign(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at];
    if (byte === 61 || byte === 58 || byte === 44 || byte === 40 || byte === 62 || byte === 32 || byte === 9)
      return true;
  }
  return false;
}
