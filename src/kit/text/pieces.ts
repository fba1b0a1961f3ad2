/** This many consecutive characters of a value are a leak by themselves. */
const PIECE = 12;
/** Of a longer form only so much is indexed: more than any form of what fits into a variable. */
const INDEXED = 524_288;

/** Finds pieces of known values: any twelve characters of one. */
export class Pieces {
  readonly #known = new PieceSet();
  /** What is beyond the indexed beginnings: it takes too much memory as pieces, and is searched for those of the text. */
  readonly #rests: string[] = [];
  readonly #noted = new Set<string>();
  #waiting: string[] = [];

  add(forms: readonly string[]): void {
    for (const form of forms) {
      if (form.length <= PIECE || this.#noted.has(form)) continue;
      this.#noted.add(form);
      this.#waiting.push(form);
    }
  }

  /** The text with `mark` in place of them. */
  replace(text: string, mark: string): string {
    if (text.length < PIECE) return text;
    // Built on first use: only errors and logs need it.
    for (const form of this.#waiting) {
      const end = Math.min(form.length, INDEXED) - PIECE;
      for (let at = 0; at <= end; at++) this.#known.add(form, at);
      if (form.length > INDEXED) this.#rests.push(form.slice(INDEXED - PIECE + 1));
    }
    this.#waiting = [];
    const known = this.#piecesIn(text);
    const out: string[] = [];
    let kept = 0;
    for (let at = 0; at + PIECE <= text.length; at++) {
      if (!known(at)) continue;
      let end = at + PIECE;
      while (end < text.length && known(end - PIECE + 1)) end++;
      out.push(text.slice(kept, at), mark);
      kept = end;
      at = end - 1;
    }
    return kept === 0 ? text : out.join("") + text.slice(kept);
  }

  /** Whether the piece at a place of this text is one of a value. */
  #piecesIn(text: string): (at: number) => boolean {
    if (this.#rests.length === 0) return (at) => this.#known.has(text, at);
    const begins = new Uint8Array(1 << 16);
    const own = new Set<string>();
    for (let at = 0; at + PIECE <= text.length; at++) {
      own.add(text.slice(at, at + PIECE));
      begins[beginning(text, at)] = 1;
    }
    const found = new Set<string>();
    for (const rest of this.#rests)
      for (let at = 0; at + PIECE <= rest.length; at++) {
        if (begins[beginning(rest, at)] === 0) continue;
        const piece = rest.slice(at, at + PIECE);
        if (own.has(piece)) found.add(piece);
      }
    return (at) => this.#known.has(text, at) || found.has(text.slice(at, at + PIECE));
  }
}

/** A small number made of the first characters there: most places of a value need no closer look. */
function beginning(text: string, at: number): number {
  return (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2) * 7919) & 0xffff;
}

/** Pieces by 64 bits of a digest of each: a set of strings would take ten times the memory, and no two are alike by chance. */
class PieceSet {
  #low = new Uint32Array(1024);
  #high = new Uint32Array(1024);
  #count = 0;

  add(text: string, at: number): void {
    if (2 * this.#count >= this.#low.length) this.#grow();
    this.#put(digest(text, at, SEED), digest(text, at, ~SEED));
  }

  has(text: string, at: number): boolean {
    const low = digest(text, at, SEED);
    // Of most places the first number says enough.
    return this.#low[low & (this.#low.length - 1)] !== 0 && this.#isAt(this.#slot(low, digest(text, at, ~SEED)));
  }

  #isAt(slot: number): boolean {
    return this.#low[slot] !== 0;
  }

  #put(low: number, high: number): void {
    const slot = this.#slot(low, high);
    if (this.#isAt(slot)) return;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#count++;
  }

  /** Where a digest is, or where it would be put. */
  #slot(low: number, high: number): number {
    const mask = this.#low.length - 1;
    let slot = low & mask;
    while (this.#low[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    [this.#low, this.#high] = [new Uint32Array(2 * low.length), new Uint32Array(2 * low.length)];
    this.#count = 0;
    for (const [slot, one] of low.entries()) if (one !== 0) this.#put(one, high[slot] as number);
  }
}

/** Another one in each process, so that nobody can choose values whose digests meet. */
const SEED = Math.floor(Math.random() * 0xffffffff);

/** 32 bits made of the piece there; never 0. FNV-1a with the end of MurmurHash3. */
function digest(text: string, at: number, seed: number): number {
  let mixed = seed;
  for (let next = at; next < at + PIECE; next++) mixed = Math.imul(mixed ^ text.charCodeAt(next), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0 || 1;
}
