/** A named literal in a text, by the places of its first byte and the byte behind its last. */
export type Literal = {
  readonly name: string;
  /** The name's first byte. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  /** In quotes, or between the tags of an element. */
  readonly quoted: boolean;
};

const FARTHEST = 80;
const LONGEST = 4096;
const QUOTES = [34, 39, 96];

/**
 * The literal that is assigned to the name in which the keyword at `at` stands: `dbPassword: "…"`, `DB_PASSWORD=…`,
 * `password => '…'`, `<password>…<`. Null when no literal stands behind it on the same line.
 */
export function assignment(bytes: Uint8Array, at: number): Literal | null {
  const from = back(bytes, at);
  let to = at;
  const limit = Math.min(bytes.length, at + FARTHEST);
  while (to < limit && inName(bytes[to] as number)) to++;
  const name = latin1Text(bytes, from, to);
  let here = to;
  if (QUOTES.includes(bytes[here] as number) || bytes[here] === 93) here++; // `"password": …`, `config["password"] = …`
  if (bytes[here] === 93) here++;
  here = spaces(bytes, here);
  if (bytes[here] === 62 && bytes[from - 1] === 60) return element(bytes, { name, from }, here + 1);
  const sign = bytes[here];
  if (sign === 58 || sign === 61 || (sign === 63 && bytes[here + 1] === 61)) {
    here++;
    if (bytes[here] === 61 || bytes[here] === 62) here++; // `:=`, `=>`, `?=`
    if (bytes[here] === 61) return null; // `==` compares
  } else return null;
  return literal(bytes, { name, from }, spaces(bytes, here));
}

function literal(bytes: Uint8Array, named: Pick<Literal, "name" | "from">, here: number): Literal | null {
  const quote = bytes[here] as number;
  const quoted = QUOTES.includes(quote);
  const start = quoted ? here + 1 : here;
  const limit = Math.min(bytes.length, start + LONGEST);
  let end = start;
  while (end < limit && !stops(bytes[end] as number, quoted ? quote : 0)) end += bytes[end] === 92 && quoted ? 2 : 1;
  if (end > limit || end <= start || (quoted && bytes[end] !== quote)) return null;
  return { ...named, start, end, quoted };
}

function element(bytes: Uint8Array, named: Pick<Literal, "name" | "from">, start: number): Literal | null {
  const limit = Math.min(bytes.length, start + LONGEST);
  let end = start;
  while (end < limit && bytes[end] !== 60 && bytes[end] !== 10) end++;
  return end > start && bytes[end] === 60 && bytes[end + 1] === 47 ? { ...named, start, end, quoted: true } : null;
}

function stops(byte: number, quote: number): boolean {
  if (byte === 10 || byte === 13 || byte === 0) return true;
  return quote !== 0
    ? byte === quote
    : byte === 32 || byte === 9 || byte === 44 || byte === 59 || byte === 34 || byte === 39;
}

/** The first byte of the name that the byte at `at` is part of. */
function back(bytes: Uint8Array, at: number): number {
  let from = at;
  const limit = Math.max(0, at - FARTHEST);
  while (from > limit && inName(bytes[from - 1] as number)) from--;
  return from;
}

function spaces(bytes: Uint8Array, at: number): number {
  let here = at;
  while (bytes[here] === 32 || bytes[here] === 9) here++;
  return here;
}

function inName(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 48 && byte <= 57) ||
    byte === 95 ||
    byte === 45 ||
    byte === 46
  );
}

/** The bytes as text, one character a byte. */
export function latin1Text(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
