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
    const found: { readonly at: number; readonly end: number }[] = [];
    if (this.#known.size > 0)
      this.#literals.search(text, (_, at, name) => void found.push({ at, end: at + name.length }));
    return (at, length) =>
      found.some((name) => name.at <= at && at + length <= name.end && name.end - name.at > length);
  }
}
