import type { Question } from "../contract/detector.ts";
import type { Verdict } from "../model/finding.ts";
import type { Where } from "../model/location.ts";
import { textOf } from "./classify.ts";

const LONGEST = 300;
const MOST = 50_000;

/** A fleet says the same things over and over: what was cleared once is cleared by a look-up. Holds no secret. */
export class ClearedCache {
  readonly #byPlace = new Map<Where, Map<string, Verdict>>();
  #size = 0;

  /** By `NAME=value`. */
  has(where: Where, entry: string): boolean {
    return this.#byPlace.get(where)?.has(entry) === true;
  }

  get({ where, name, value, path }: Question): Verdict | undefined {
    if ((path !== undefined && where === "file") || name.includes("=")) return undefined;
    return this.#byPlace.get(where)?.get(`${name}=${textOf(value)}`);
  }

  /** Takes a verdict that says nothing of a secret, not even of one that a setting hid. */
  add({ where, name, value }: Question, verdict: Verdict): void {
    const entry = `${name}=${textOf(value)}`;
    if (entry.length > LONGEST || name.includes("=")) return;
    if (this.#size++ >= MOST) {
      this.#byPlace.clear();
      this.#size = 1;
    }
    let cleared = this.#byPlace.get(where);
    if (cleared === undefined) this.#byPlace.set(where, (cleared = new Map()));
    cleared.set(entry, verdict);
  }
}
