import { randomInt } from "node:crypto";
import { timesLeftOut } from "../unread.ts";
import type { Language } from "./language.ts";

/** Longer lines hardly come again. */
const LONGEST = 256;
/** Bytes of the lines of one language that are kept twice over at most, and as many places for them. */
const [MOST, SLOTS] = [1 << 20, 1 << 16];
/** So many places are looked at for one line. */
const PROBES = 8;
/** Nobody can write lines that all fall into the same places. */
const SEED = randomInt(1, 2 ** 31);

type Kept = {
  /** Each line behind its length, of two bytes. */
  readonly bytes: Uint8Array;
  /** Where a line begins there, at a place that its bytes give; 0 for none. */
  readonly slots: Uint32Array;
  used: number;
};

/**
 * Lines in which nothing was found, so that each is read once; the latest of them, since memory is bounded. Compared as
 * bytes: a line that comes again is never made a text.
 */
export class CleanLines {
  #recent: Kept | null = null;
  #before: Kept | null = null;
  #leftOut = 0;

  has(bytes: Uint8Array, from: number, to: number): boolean {
    this.#leftOut = timesLeftOut();
    if (to - from > LONGEST || this.#recent === null) return false;
    const hash = hashOf(bytes, from, to);
    return (
      isIn(this.#recent, hash, bytes, from, to) || (this.#before !== null && isIn(this.#before, hash, bytes, from, to))
    );
  }

  /** To be called of what `has` was asked about last; a line that was not read whole since may hold anything. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > LONGEST || timesLeftOut() !== this.#leftOut) return;
    if (this.#recent === null || this.#recent.used + length + 2 > MOST) {
      this.#before = this.#recent;
      this.#recent = { bytes: new Uint8Array(MOST), slots: new Uint32Array(SLOTS), used: 1 };
    }
    const { bytes: kept, slots, used } = this.#recent;
    let slot = hashOf(bytes, from, to) & (SLOTS - 1);
    for (let probe = 1; probe < PROBES && slots[slot] !== 0; probe++) slot = (slot + 1) & (SLOTS - 1);
    slots[slot] = used;
    kept[used] = length & 255;
    kept[used + 1] = length >> 8;
    for (let at = 0; at < length; at++) kept[used + 2 + at] = bytes[from + at] as number;
    this.#recent.used = used + 2 + length;
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function isIn({ bytes: kept, slots }: Kept, hash: number, bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  let slot = hash & (SLOTS - 1);
  for (let probe = 0; probe < PROBES; probe++, slot = (slot + 1) & (SLOTS - 1)) {
    const start = slots[slot] as number;
    if (start === 0) return false;
    if (kept[start] !== (length & 255) || kept[start + 1] !== length >> 8) continue;
    let at = 0;
    while (at < length && kept[start + 2 + at] === bytes[from + at]) at++;
    if (at === length) return true;
  }
  return false;
}

/** By the rules that are off. */
const known = new WeakMap<ReadonlySet<string>, Map<Language, CleanLines>>();

/** The lines of a language in which the rules that are not off find nothing, whatever stands around them. */
export function cleanLines(language: Language, off: ReadonlySet<string>): CleanLines {
  let languages = known.get(off);
  if (languages === undefined) known.set(off, (languages = new Map()));
  let lines = languages.get(language);
  if (lines === undefined) languages.set(language, (lines = new CleanLines()));
  return lines;
}
