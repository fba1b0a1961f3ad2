/** This many consecutive characters of a value are a leak by themselves. */
const PIECE = 12;
/** Of a longer form only so much is indexed. */
const INDEXED = 65_536;

/** Finds pieces of known values: any twelve characters of one. */
export class Pieces {
  readonly #known = new Set<string>();
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
      for (let at = 0; at <= end; at++) this.#known.add(form.slice(at, at + PIECE));
      if (form.length > INDEXED) this.#rests.push(form.slice(INDEXED - PIECE + 1));
    }
    this.#waiting = [];
    const known = this.#piecesIn(text);
    const out: string[] = [];
    let kept = 0;
    for (let at = 0; at + PIECE <= text.length; at++) {
      if (!known(text.slice(at, at + PIECE))) continue;
      let end = at + PIECE;
      while (end < text.length && known(text.slice(end - PIECE + 1, end + 1))) end++;
      out.push(text.slice(kept, at), mark);
      kept = end;
      at = end - 1;
    }
    return kept === 0 ? text : out.join("") + text.slice(kept);
  }

  /** Whether a piece of this text is one of a value. */
  #piecesIn(text: string): (piece: string) => boolean {
    if (this.#rests.length === 0) return (piece) => this.#known.has(piece);
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
    return (piece) => this.#known.has(piece) || found.has(piece);
  }
}

/** A small number made of the first characters there: most places of a value need no closer look. */
function beginning(text: string, at: number): number {
  return (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2) * 7919) & 0xffff;
}
