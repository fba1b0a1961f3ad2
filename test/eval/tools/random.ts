const CLASSES: { readonly [name: string]: string } = {
  d: "0123456789",
  h: "0123456789abcdef",
  H: "0123456789ABCDEF",
  l: "abcdefghijklmnopqrstuvwxyz",
  U: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  a: "abcdefghijklmnopqrstuvwxyz0123456789",
  A: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  n: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  L: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
  w: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
  b: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  B: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
};

/** A stream of choices that a seed decides (mulberry32): the same seed gives the same choices on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    for (let warm = 0; warm < 8; warm++) this.next();
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.int(0, from.length - 1)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  shuffle<T>(from: readonly T[]): T[] {
    const cards = [...from];
    for (let at = cards.length - 1; at > 0; at--) {
      const other = this.int(0, at);
      const kept = cards[at] as T;
      cards[at] = cards[other] as T;
      cards[other] = kept;
    }
    return cards;
  }

  /** Deals every card once before any twice, so that a long list is covered in few draws. */
  deck<T>(from: readonly T[]): () => T {
    let cards: T[] = [];
    return () => {
      if (cards.length === 0) cards = this.shuffle(from);
      return cards.pop() as T;
    };
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(0, 255)));
  }

  hex(digits: number): string {
    return this.of("h", digits);
  }

  base64(bytes: number): string {
    return this.bytes(bytes).toString("base64");
  }

  base64url(bytes: number): string {
    return this.bytes(bytes).toString("base64url");
  }

  uuid(): string {
    return this.fill("{8:h}-{4:h}-4{3:h}-a{3:h}-{12:h}");
  }

  /** `length` characters of a class; a long mixed one always has a digit, as a made token practically has. */
  of(kind: string, length: number): string {
    const alphabet = CLASSES[kind];
    if (alphabet === undefined) throw new Error(`no class ${kind}`);
    const characters = Array.from({ length }, () => alphabet[this.int(0, alphabet.length - 1)]);
    if (length >= 12 && "aAnwb".includes(kind) && !characters.some((one) => /\d/.test(one ?? "")))
      characters[this.int(1, length - 2)] = this.from("0123456789", 1);
    return characters.join("");
  }

  /** `length` characters out of those given. */
  from(characters: string, length: number): string {
    return Array.from({ length }, () => characters[this.int(0, characters.length - 1)]).join("");
  }

  /** `SG.{22:w}.{43:w}`: each `{length:class}` replaced by as many characters of that class. */
  fill(template: string): string {
    return template.replace(/\{(\d+)(?:-(\d+))?:(\w)\}/g, (_, low: string, high: string | undefined, kind: string) =>
      this.of(kind, high === undefined ? Number(low) : this.int(Number(low), Number(high))),
    );
  }
}
