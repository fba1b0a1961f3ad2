import type { Question } from "../contract/detector.ts";
import type { Verdict } from "../model/finding.ts";
import { textOf } from "./classify.ts";

const LONGEST = 256;
const MOST = 50_000;

/** A fleet says the same things over and over: what was cleared once is cleared by a look-up. Holds no secret. */
export class ClearedCache {
  readonly #byPlace = new Map<string, Map<string, Map<string, Verdict>>>();
  #size = 0;

  get({ where, name, value, path }: Question): Verdict | undefined {
    if (path !== undefined && where === "file") return undefined;
    return this.#byPlace.get(where)?.get(name)?.get(textOf(value));
  }

  add({ where, name, value }: Question, verdict: Verdict): void {
    const text = textOf(value);
    if (text.length > LONGEST || verdict.score > 0) return;
    if (this.#size++ >= MOST) {
      this.#byPlace.clear();
      this.#size = 1;
    }
    getOr(getOr(this.#byPlace, where), name).set(text, verdict);
  }
}

function getOr<Key, Value, Inner extends Map<Key, Value>>(map: Map<string, Inner>, key: string): Inner {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Map<Key, Value>() as Inner));
  return found;
}
