/** Of a line so much is read on either side. */
const LONGEST = 8192;

/**
 * Where the lines of a text begin and end. Asked from the beginning of the text to its end it looks at no byte twice, so
 * that a file of one long line takes no longer than another.
 */
export class LineBounds {
  readonly #bytes: Uint8Array;
  /** The line of the last question, as far as it is known: from here up to `#to` there is no line end. */
  #from = 0;
  #to = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The line at `at`, as far as it is read: several times as fast as to ask the array for line ends. */
  around(at: number): readonly [from: number, to: number] {
    const bytes = this.#bytes;
    const isSame = at >= this.#from && at <= this.#to;
    let from = isSame ? Math.max(this.#from, at - LONGEST - 1) : at;
    if (!isSame) while (from > 0 && at - from <= LONGEST && bytes[from - 1] !== 10) from--;
    let to = isSame ? this.#to : at;
    while (to < bytes.length && to - at <= LONGEST && bytes[to] !== 10) to++;
    if (!isSame) this.#from = from;
    this.#to = to;
    return [from, Math.min(to, at + LONGEST + 1)];
  }
}
