/**
 * Many strings to find in text at once. Each is filed under its first three characters, so that a text costs one table
 * look-up a character, however many strings there are. Those of less than three characters are not found.
 */
export class Literals<T> {
  readonly #width: 5 | 6;
  readonly #slots: LiteralEntry<T>[][] = [[]];
  /** Of three characters the slot; 0 is the empty one. */
  readonly #slotOf: Uint16Array;

  /**
   * Of each character `width` bits are looked at: 5 do for text in one case, and keep the table small; 6 tell upper case
   * from lower, and many strings of random characters from each other.
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
   * Calls `found` for each place of each string, in the order of the places; of several strings at one place, in the order
   * in which they were added.
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

  /** Beyond what 16 bits can count, slots are shared: a few more strings are then compared at a place. */
  #newSlot(key: number): number {
    if (this.#slots.length > 0xffff) return (key % 0xffff) + 1;
    return this.#slots.push([]) - 1;
  }
}

type LiteralEntry<T> = { readonly literal: string; readonly item: T };
