/**
 * Finds many strings in a text at once. Strings are indexed by their first three characters, so a text costs one table
 * look-up per character, regardless of the number of strings. Strings shorter than three characters are not found.
 */
export class Literals<T> {
  readonly #width: 5 | 6;
  readonly #slots: LiteralEntry<T>[][] = [[]];
  /** Maps three characters to a slot; slot 0 is empty. */
  readonly #slotOf: Uint16Array;

  /**
   * `width` is the number of bits used of each character: 5 suffice for text in one case and keep the table small; 6
   * distinguish upper from lower case, which pays off for many random strings.
   */
  constructor(width: 5 | 6) {
    this.#width = width;
    this.#slotOf = new Uint16Array(1 << (3 * width));
  }

  add(literal: string, item: T): void {
    const mask = (1 << this.#width) - 1;
    let key = 0;
    for (let at = 0; at < 3; at++) key = (key << this.#width) | (literal.charCodeAt(at) & mask);
    this.#slotOf[key] ||= this.#newSlot(key);
    (this.#slots[this.#slotOf[key] ?? 0] as LiteralEntry<T>[]).push({ literal, item });
  }

  /**
   * Calls `found` for each occurrence, in the order of the text. Several strings at one place are reported in the order in
   * which they were added.
   */
  search(text: string, found: (item: T, at: number, literal: string) => void): void {
    const [width, slotOf, slots] = [this.#width, this.#slotOf, this.#slots];
    const [mask, whole] = [(1 << width) - 1, slotOf.length - 1];
    let key = ((text.charCodeAt(0) & mask) << width) | (text.charCodeAt(1) & mask);
    for (let at = 0; at + 2 < text.length; at++) {
      key = ((key << width) | (text.charCodeAt(at + 2) & mask)) & whole;
      const slot = slotOf[key] as number;
      if (slot === 0) continue;
      for (const { literal, item } of slots[slot] as LiteralEntry<T>[])
        if (text.startsWith(literal, at)) found(item, at, literal);
    }
  }

  /** Slot numbers have 16 bits. Beyond that, slots are shared, which only costs a few more comparisons. */
  #newSlot(key: number): number {
    if (this.#slots.length > 0xffff) return (key % 0xffff) + 1;
    return this.#slots.push([]) - 1;
  }
}

type LiteralEntry<T> = { readonly literal: string; readonly item: T };
