import { countBelow } from "../sorted.ts";
import { Literals } from "./literals.ts";

/** Names that redaction leaves whole. */
export class KeptNames {
  readonly #literals = new Literals<null>(6);
  readonly #known = new Set<string>();

  add(name: string): void {
    // Three characters are the shortest value, and no name of that length is longer.
    if (name.length <= 3 || this.#known.has(name)) return;
    this.#known.add(name);
    this.#literals.add(name, null);
  }

  /** For a text: whether a place in it is inside a longer name. */
  in(text: string): (at: number, length: number) => boolean {
    /** By a name's start: the end of the longest one there. */
    const ends = new Map<number, number>();
    if (this.#known.size > 0)
      this.#literals.search(text, (_, at, name) => ends.set(at, Math.max(ends.get(at) ?? 0, at + name.length)));
    const starts = [...ends.keys()].sort((a, b) => a - b);
    let last = 0;
    const reached = starts.map((at) => (last = Math.max(last, ends.get(at) ?? 0)));
    return (at, length) => {
      const before = reached[countBelow(starts, at) - 1] ?? 0;
      return before >= at + length || (ends.get(at) ?? 0) > at + length;
    };
  }
}
