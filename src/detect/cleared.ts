import type { Question } from "../contract/detector.ts";
import type { Verdict } from "../model/finding.ts";
import type { Where } from "../model/location.ts";
import { textOf } from "./classify.ts";

const LONGEST = 256;
const MOST = 50_000;

/** A fleet says the same things over and over: what was cleared once is cleared by a look-up. Holds no secret. */
export class ClearedCache {
  /** Of environments by `NAME=value`, which is one look-up for each of what most values are. */
  readonly #entries = { env: new Map<string, Verdict>(), "image-env": new Map<string, Verdict>() };
  readonly #byPlace = new Map<string, Map<string, Map<string, Verdict>>>();
  #size = 0;

  has(where: Where, entry: string): boolean {
    return isEnvironment(where) && this.#entries[where].has(entry);
  }

  get({ where, name, value, path }: Question): Verdict | undefined {
    if (path !== undefined && where === "file") return undefined;
    const text = textOf(value);
    if (isEnvironment(where)) return name.includes("=") ? undefined : this.#entries[where].get(`${name}=${text}`);
    return this.#byPlace.get(where)?.get(name)?.get(text);
  }

  /** Takes a verdict that says nothing of a secret, not even of one that a setting hid. */
  add({ where, name, value }: Question, verdict: Verdict): void {
    const text = textOf(value);
    // A name that holds `=`, which no environment has, reads as another name with another value.
    if (text.length > LONGEST || (isEnvironment(where) && name.includes("="))) return;
    if (this.#size++ >= MOST) {
      this.#byPlace.clear();
      for (const entries of Object.values(this.#entries)) entries.clear();
      this.#size = 1;
    }
    if (isEnvironment(where)) this.#entries[where].set(`${name}=${text}`, verdict);
    else getOr(getOr(this.#byPlace, where), name).set(text, verdict);
  }
}

function isEnvironment(where: Where): where is "env" | "image-env" {
  return where === "env" || where === "image-env";
}

function getOr<Key, Value, Inner extends Map<Key, Value>>(map: Map<string, Inner>, key: string): Inner {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Map<Key, Value>() as Inner));
  return found;
}
