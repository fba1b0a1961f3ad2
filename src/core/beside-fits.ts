import type { BesideLimits, LabelLimit } from "../contract/provider.ts";
import { Redactor } from "../kit/text/redact.ts";
import type { BesideValue, CarriedKind } from "../model/beside.ts";
import { keyedDigest, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import { Secret } from "../model/secret.ts";

/**
 * Why something does not go along, whatever the store holds: `mark`: unsprawl knows its own by such a name; `shows`: it has the
 * value in it; `past`: the application would lose the value at once.
 */
export type BesideFault = "mark" | "shows" | "past";

/** What of it may go along, and what may not. */
export type BesideChoice = {
  readonly may: BesideValue;
  readonly left: ReadonlyMap<BesideFault, ReadonlySet<CarriedKind>>;
};

/** Of what somebody wrote beside a value, the part that does no harm in another store. `now` in seconds of the epoch. */
export function harmlessBeside({ description, labels, expiry }: BesideValue, value: Secret, now: number): BesideChoice {
  const left = new Map<BesideFault, Set<CarriedKind>>();
  const redactor = new Redactor();
  redactor.know(value, true);
  const shows = (text: string): boolean => redactor.foreign(text) !== text || Secret.of(text).equals(value);
  const isLeft = (fault: BesideFault | null, kind: CarriedKind): boolean => {
    if (fault !== null) left.set(fault, (left.get(fault) ?? new Set()).add(kind));
    return fault !== null;
  };
  const of = (name: string, text: string): BesideFault | null =>
    isMark(name) ? "mark" : shows(name) || shows(text) ? "shows" : null;
  const kept = Object.entries(labels ?? {}).filter(([name, text]) => !isLeft(of(name, text), "labels"));
  const may = {
    ...(description !== undefined && !isLeft(shows(description) ? "shows" : null, "description") && { description }),
    ...(kept.length > 0 && { labels: Object.fromEntries(kept) }),
    ...(expiry !== undefined && !isLeft(expiry <= now ? "past" : null, "expiry") && { expiry }),
  };
  return { may, left };
}

/** Names by which a store finds what unsprawl wrote: an entry of another would be taken for ours, or for another value. */
const isMark = (name: string): boolean => /^(?:managed-by$|unsprawl[-_.])/i.test(name);

/** What of it a store accepts as it is. A label that does not fit is left out; nothing is cut or renamed. */
export function fittingBeside(
  { description, labels = {}, expiry }: BesideValue,
  limits: BesideLimits | null,
): BesideValue {
  const { description: longest = 0, labels: room, expiry: latest = 0 } = limits ?? {};
  const all = Object.entries(labels).filter(
    ([name, text]) => room !== undefined && isWithin(name, room.name) && isWithin(text, room.text),
  );
  const isFew = all.length > 0 && room !== undefined && all.length <= room.most;
  return {
    ...(description !== undefined && description.length <= longest && { description }),
    ...(isFew && { labels: Object.fromEntries(all) }),
    ...(expiry !== undefined && expiry <= latest && { expiry }),
  };
}

const isWithin = (text: string, { bytes, form }: LabelLimit): boolean =>
  Buffer.byteLength(text) <= bytes && form.test(text);

/** These kinds of it alone. */
export function kindsOf(beside: BesideValue, kinds: readonly CarriedKind[]): BesideValue {
  return Object.fromEntries(Object.entries(beside).filter(([kind]) => kinds.some((one) => one === kind)));
}

/** By which a plan knows what it saw; the same whatever the order of the labels. */
export function besideDigest({ description, labels = {}, expiry }: BesideValue, key: FingerprintKey): Fingerprint {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return keyedDigest(JSON.stringify([description ?? null, sorted, expiry ?? null]), key);
}

/** Whether an entry has all of this. It may have more: others may add to it. */
export function hasBeside(has: BesideValue, { description, labels = {}, expiry }: BesideValue): boolean {
  return (
    (description === undefined || has.description === description) &&
    (expiry === undefined || has.expiry === expiry) &&
    Object.entries(labels).every(([name, text]) => Object.hasOwn(has.labels ?? {}, name) && has.labels?.[name] === text)
  );
}
