/** Draws from a seed: the same seed gives the same draws, so that a failure can be had again. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to 1. Mulberry32, which is small and good enough to pick with. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  /** From `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  one<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T;
  }

  /** Between one and `most` different ones, in any order. */
  some<T>(from: readonly T[], most = from.length): T[] {
    const left = [...from];
    const picked: T[] = [];
    for (let count = this.int(1, Math.min(most, from.length)); count > 0; count--)
      picked.push(...left.splice(this.int(0, left.length - 1), 1));
    return picked;
  }

  /** Each field with its own chance; fields that are not drawn are absent. */
  fields(chances: { readonly [name: string]: readonly [p: number, draw: () => unknown] }): { [name: string]: unknown } {
    const drawn: { [name: string]: unknown } = {};
    for (const [name, [p, draw]] of Object.entries(chances)) if (this.chance(p)) drawn[name] = draw();
    return drawn;
  }
}
