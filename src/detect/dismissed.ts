import type { ClassifyInput } from "../contract/detector.ts";
import type { Verdict } from "../model/finding.ts";
import { withLead } from "../model/candidate.ts";
import type { Where } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import { classifiedText } from "./text-of.ts";

/**
 * Whether a value is cached as dismissed. For environments `entry` is the raw `NAME=value`; otherwise it is the name,
 * and `value` is passed too. False means only that it is not in the cache.
 */
export type IsCachedValue = (where: Where, entry: string, value?: string) => boolean;

const LONGEST = 256;
const END = 16;

/**
 * Labels that Compose writes on each of its containers, with another text on each (docker/compose, pkg/api/labels.go):
 * dismissed by their form, in which no rule finds anything, before an object is made for them.
 */
const SERVICE = /^[a-z]{1,15}(?:[-_][a-z]{1,15}){0,4}(?:[-_]?\d{1,6})?$/;
const WRITTEN_BY_COMPOSE: ReadonlyMap<string, RegExp> = new Map([
  ["com.docker.compose.config-hash", /^[0-9a-f]{64}$/],
  ["com.docker.compose.image", /^sha256:[0-9a-f]{64}$/],
  ["com.docker.compose.project", SERVICE],
  ["com.docker.compose.service", SERVICE],
]);
const MOST = 50_000;
/** A power of two, several times as many as the values between two clearings. */
const SPOTS = 1 << 18;

/**
 * A fleet has the same values over and over: a value that was dismissed before is dismissed by a look-up. Holds no
 * secret except the value that was asked about last. A value is stored the second time: values that occur once (a
 * digest, a container's name) would fill the tables for nothing.
 */
export class DismissedCache {
  /** Of environments by `NAME=value`, which is one look-up for each of what most values are. */
  readonly #entries = { env: new Map<string, Verdict>(), "image-env": new Map<string, Verdict>() };
  readonly #byPlace = new Map<string, Map<string, Map<string, Verdict>>>();
  /** Where the values fall that came once. One that falls on another's spot is kept at once, which does no harm. */
  readonly #once = new Uint8Array(SPOTS);
  #last = { name: "", text: "", spot: 0 };
  readonly #builtIn: boolean;
  #size = 0;

  /** `builtIn`: only the built-in rules are active; a team's rules may find something in anything. */
  constructor(builtIn: boolean) {
    this.#builtIn = builtIn;
  }

  has(where: Where, entry: string, value?: string): boolean {
    if (isEnvironment(where)) return this.#entries[where].has(entry);
    if (value === undefined) return false;
    if (this.#builtIn && where === "label" && WRITTEN_BY_COMPOSE.get(entry)?.test(value) === true) return true;
    return this.#byPlace.get(where)?.get(entry)?.has(value) === true;
  }

  get({ where, name, value, path, lead }: ClassifyInput): Verdict | undefined {
    if (path !== undefined && where === "file") return undefined;
    const text = keptText(value, lead);
    // What never came before is not kept, which is found out faster than by a look-up.
    if (text.length > LONGEST || this.#once[this.#spotOf(name, text)] === 0) return undefined;
    if (isEnvironment(where)) return name.includes("=") ? undefined : this.#entries[where].get(`${name}=${text}`);
    return this.#byPlace.get(where)?.get(name)?.get(text);
  }

  /** By the ends of a long text. Kept, since one that is not known is asked about and then taken. */
  #spotOf(name: string, text: string): number {
    if (this.#last.name === name && this.#last.text === text) return this.#last.spot;
    const { length } = text;
    let hash = Math.imul(name.length, 31) + length;
    for (let at = 0; at < length; at++) {
      if (at === END) at = Math.max(at, length - END);
      hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    }
    this.#last = { name, text, spot: (hash ^ (hash >>> 15)) & (SPOTS - 1) };
    return this.#last.spot;
  }

  /** Takes a verdict that says nothing of a secret, not even of one that a setting hid. */
  add({ where, name, value, lead }: ClassifyInput, verdict: Verdict): void {
    const text = keptText(value, lead);
    // A name that holds `=`, which no environment has, reads as another name with another value.
    if (text.length > LONGEST || (isEnvironment(where) && name.includes("="))) return;
    if (this.#size++ >= MOST) {
      this.#byPlace.clear();
      for (const entries of Object.values(this.#entries)) entries.clear();
      this.#once.fill(0);
      this.#size = 1;
    }
    const spot = this.#spotOf(name, text);
    if (this.#once[spot] === 0) this.#once[spot] = 1;
    else if (isEnvironment(where)) this.#entries[where].set(`${name}=${text}`, verdict);
    else getOr(getOr(this.#byPlace, where), name).set(text, verdict);
  }
}

function keptText(value: Secret, lead: string | undefined): string {
  const text = classifiedText(value);
  return lead === undefined ? text : withLead(text, lead);
}

function isEnvironment(where: Where): where is "env" | "image-env" {
  return where === "env" || where === "image-env";
}

function getOr<Key, Value, Inner extends Map<Key, Value>>(map: Map<string, Inner>, key: string): Inner {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Map<Key, Value>() as Inner));
  return found;
}
