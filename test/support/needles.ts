const KEY = 6;
const BITS = 22;

/** Looks for many short texts in one pass over a long one. */
export class Needles<Label> {
  readonly #byKey = new Map<string, { readonly text: string; readonly label: Label }[]>();
  readonly #short: { readonly text: string; readonly label: Label }[] = [];
  /** A bit for each hash of a needle's beginning: most positions of a text need no more than this. */
  readonly #begins = new Uint8Array(1 << (BITS - 3));
  readonly #known = new Set<string>();

  /** The first label of a text stays. */
  add(text: string, label: Label): void {
    if (this.#known.has(text) || text === "") return;
    this.#known.add(text);
    if (text.length < KEY) {
      this.#short.push({ text, label });
      return;
    }
    const hash = hashAt(text, 0);
    this.#begins[hash >>> 3] = (this.#begins[hash >>> 3] ?? 0) | (1 << (hash & 7));
    const key = text.slice(0, KEY);
    const same = this.#byKey.get(key);
    if (same) same.push({ text, label });
    else this.#byKey.set(key, [{ text, label }]);
  }

  /** Where each needle of a text begins. */
  *find(text: string): Generator<{ readonly at: number; readonly label: Label }> {
    for (const { text: needle, label } of this.#short) {
      const at = text.indexOf(needle);
      if (at !== -1) yield { at, label };
    }
    for (let at = 0; at + KEY <= text.length; at++) {
      const hash = hashAt(text, at);
      if (((this.#begins[hash >>> 3] ?? 0) & (1 << (hash & 7))) === 0) continue;
      for (const needle of this.#byKey.get(text.slice(at, at + KEY)) ?? [])
        if (text.startsWith(needle.text, at)) yield { at, label: needle.label };
    }
  }
}

function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let next = at; next < at + KEY; next++) hash = Math.imul(hash ^ text.charCodeAt(next), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) >>> (32 - BITS);
}
