import { watched, type Watch } from "./watch.ts";

/**
 * Called for each keyword in the text: the watch and the position of its first byte, in order of its rarest characters.
 */
export type OnKeyword = (watch: Watch, at: number) => void;

/**
 * Every keyword, in few bytes that stay in the processor's cache. Characters have five bits: letters whatever their case,
 * other characters with them.
 */
type KeywordTable = {
  readonly watches: readonly Watch[];
  /** By three characters a bit for each fourth that a keyword has behind them. */
  readonly fourths: Int32Array;
  /** By three characters their slot: its entries are those from `entries[slot]` to `entries[slot + 1]`. */
  readonly slots: Uint16Array;
  readonly entries: Uint16Array;
  /** Of each entry bits for its fourth characters, the watch's number, and how far before the four its keyword begins. */
  readonly behind: Int32Array;
  readonly numbers: Uint16Array;
  readonly before: Int8Array;
  /** The keywords one behind the other, and the characters that may stand instead: capitals, unless a watch is exact. */
  readonly text: Uint8Array;
  readonly instead: Uint8Array;
  /** Of each watch where its keyword begins there, and behind them the end of the last. */
  readonly places: Uint16Array;
};

const SIZE = 1 << 15;
/** Made for the first text. */
let table: KeywordTable | null = null;

/** How many places are looked at in one go. */
const MOST = 1024;
const candidates = new Int32Array(MOST);

/**
 * One pass over the bytes, one look into a table for every second byte, however many rules there are: each keyword is
 * filed twice, so that one of the two begins at an even place wherever the keyword stands.
 */
export function findKeywords(bytes: Uint8Array, told: OnKeyword): void {
  const of = (table ??= tableOf(watched()));
  for (let count = MOST, from = 0; count === MOST; from = (candidates[MOST - 1] as number) + 2) {
    count = fillCandidates(bytes, from, of.fourths);
    for (let one = 0; one < count; one++) findAt(bytes, candidates[one] as number, of, told);
  }
  // At an odd end the last three characters have no fourth.
  const last = bytes.length - 3;
  if (last >= 0 && last % 2 === 0) findAt(bytes, last, of, told);
}

/**
 * The next places where a keyword may stand. Nothing is called in this loop: each thread compiles it together with what it
 * calls, which would take longer than a small image is read.
 */
function fillCandidates(bytes: Uint8Array, from: number, fourths: Int32Array): number {
  const whole = bytes.length - 3;
  let count = 0;
  let first = (bytes[from] as number) & 31;
  let second = (bytes[from + 1] as number) & 31;
  for (let at = from; at < whole; at += 2) {
    const third = (bytes[at + 2] as number) & 31;
    const fourth = (bytes[at + 3] as number) & 31;
    const key = (first << 10) | (second << 5) | third;
    first = third;
    second = fourth;
    if ((((fourths[key] as number) >> fourth) & 1) === 0) continue;
    candidates[count++] = at;
    if (count === MOST) break;
  }
  return count;
}

function findAt(bytes: Uint8Array, at: number, of: KeywordTable, told: OnKeyword): void {
  const first = (bytes[at] as number) & 31;
  const second = (bytes[at + 1] as number) & 31;
  const third = (bytes[at + 2] as number) & 31;
  const slot = of.slots[(first << 10) | (second << 5) | third] as number;
  const fourth = at + 3 < bytes.length ? (bytes[at + 3] as number) & 31 : 0;
  const end = of.entries[slot + 1] as number;
  for (let entry = of.entries[slot] as number; entry < end; entry++) {
    if ((((of.behind[entry] as number) >> fourth) & 1) === 0) continue;
    const start = at - (of.before[entry] as number);
    const number = of.numbers[entry] as number;
    if (start < 0 || !stands(bytes, start, of, number)) continue;
    const watch = of.watches[number] as Watch;
    if (!watch.starts || begins(bytes, start, watch.bytes.length)) told(watch, start);
  }
}

function stands(bytes: Uint8Array, start: number, { text, instead, places }: KeywordTable, number: number): boolean {
  const from = places[number] as number;
  const length = (places[number + 1] as number) - from;
  if (start + length > bytes.length) return false;
  for (let at = 0; at < length; at++) {
    const byte = bytes[start + at] as number;
    if (byte !== text[from + at] && byte !== instead[from + at]) return false;
  }
  return true;
}

function tableOf(watches: readonly Watch[]): KeywordTable {
  const filed: number[][] = [[]];
  const slots = new Uint16Array(SIZE);
  const fourths = new Int32Array(SIZE);
  const file = (number: number, bytes: Uint8Array, before: number, any: number): void => {
    const first = before < 0 ? any : (bytes[before] as number) & 31;
    const key = (first << 10) | (((bytes[before + 1] as number) & 31) << 5) | ((bytes[before + 2] as number) & 31);
    if (slots[key] === 0) slots[key] = filed.push([]) - 1;
    const fourth = before + 3 < bytes.length ? 1 << ((bytes[before + 3] as number) & 31) : -1;
    filed[slots[key] as number]?.push(fourth, number, before);
    fourths[key] = (fourths[key] as number) | fourth;
  };
  // In this order keywords are found in the order of their rarest characters.
  for (const [number, { bytes, rare }] of watches.entries())
    if (isFiledBehind(bytes, rare)) file(number, bytes, rare + 1, 0);
  for (const [number, { bytes, rare }] of watches.entries()) file(number, bytes, rare, 0);
  for (const [number, { bytes, rare }] of watches.entries()) {
    if (rare > 0) file(number, bytes, rare - 1, 0);
    else if (!isFiledBehind(bytes, rare)) for (let any = 0; any < 32; any++) file(number, bytes, -1, any);
  }
  const all = filed.flat();
  let [entry, place] = [0, 0];
  return {
    ...{ watches, fourths, slots },
    entries: Uint16Array.from([0, ...filed.map((list) => (entry += list.length / 3))]),
    behind: Int32Array.from(all.filter((_, at) => at % 3 === 0)),
    numbers: Uint16Array.from(all.filter((_, at) => at % 3 === 1)),
    before: Int8Array.from(all.filter((_, at) => at % 3 === 2)),
    text: Buffer.concat(watches.map(({ bytes }) => bytes)),
    instead: Buffer.concat(watches.map(({ bytes, exact }) => (exact ? bytes : bytes.map(capital)))),
    places: Uint16Array.from([0, ...watches.map(({ bytes }) => (place += bytes.length))]),
  };
}

function capital(byte: number): number {
  return byte >= 97 && byte <= 122 ? byte - 32 : byte;
}

/** Whether a keyword is also filed by the place after its rarest characters: it begins with them, so no place is before them. */
function isFiledBehind(bytes: Uint8Array, rare: number): boolean {
  return rare === 0 && bytes.length > 4;
}

/** No token of a watch that `starts` is shorter: in source maps and names of functions prefixes stand by the thousand. */
export const SHORTEST = 12;
/** What no such token has among its first characters. */
export const APART = " \t\r\n\"'`,;()<>{}\\";
const apart = new Uint8Array(256);
for (const byte of Buffer.from(APART)) apart[byte] = 1;

/** Whether a token may begin at `start` with a prefix of so many bytes. */
function begins(bytes: Uint8Array, start: number, length: number): boolean {
  return (start === 0 || !isWord(bytes[start - 1] as number)) && isLong(bytes, start + length, start);
}

function isLong(bytes: Uint8Array, from: number, start: number): boolean {
  const end = start + SHORTEST;
  if (end > bytes.length) return false;
  for (let at = from; at < end; at++) if (apart[bytes[at] as number] === 1) return false;
  return true;
}

/** Letters, digits, `_` and `-`: before a vendor's prefix they make it a part of something else. */
function isWord(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    byte === 95 ||
    byte === 45
  );
}
