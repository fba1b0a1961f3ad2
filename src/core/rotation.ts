import pMap from "p-map";
import type { Detector } from "../contract/detector.ts";
import type { Provider } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import { storeKeyText, type Move, type StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { secretName } from "./exposed.ts";
import type { RotationSchedule } from "./config/rotate.ts";
import { completedMoves, handedOverTo, lastRotations, newestMoves, type DoneMove } from "./moved.ts";
import { FORGOTTEN, isValueOf } from "./journal/trace.ts";

/**
 * A secret that a run migrated. It was exposed before, so it stays usable to anyone who read it until it is rotated.
 */
export type MovedSecret = {
  readonly run: string;
  readonly name: string;
  readonly subject: string;
  /** The rule that found it, which says how to rotate it; null if the plan does not record it. */
  readonly rule: string | null;
  /** Where it is now, as text for people. */
  readonly store: string;
  readonly key: string;
  /** When it was migrated. ISO 8601. */
  readonly movedAt: string;
  readonly reference: string;
  /**
   * Whether the store now holds another value, the same one, or none; `unknown` if it could not be asked, for the reason
   * in `why`.
   */
  readonly rotation: "rotated" | "same" | "gone" | "unknown";
  /** When `rotate` did it last; null if it did not, or if somebody else wrote the value. ISO 8601. */
  readonly rotatedAt: string | null;
  /** How often it is to be rotated, in days; null if the configuration does not say. */
  readonly everyDays: number | null;
  readonly why: string | null;
};

export type RotationTools = {
  readonly state: string;
  readonly key: FingerprintKey;
  /** Throws what opening the store throws. */
  readonly storeOf: (target: StoreTarget) => Promise<Pick<Provider, "get">>;
  /** Finds the secrets in a new value that replaced one with several. */
  readonly detector: () => Promise<Pick<Detector, "classify" | "part" | "more">>;
  /** `rotate:` of the configuration. */
  readonly schedule: () => Promise<RotationSchedule | null>;
};

const AT_ONCE = 8;

/**
 * For every secret that this installation's runs migrated and did not roll back, whether it has been rotated since.
 * Oldest first, each store key once, each secret of its value by itself. Excludes values that came from another store:
 * they were not exposed.
 */
export async function rotations(tools: RotationTools): Promise<readonly MovedSecret[]> {
  const { state, key, storeOf } = tools;
  const newest = newestMoves(completedMoves({ state, key }));
  const opened = new Map<string, Promise<Pick<Provider, "get">>>();
  const open = async (target: StoreTarget): Promise<Pick<Provider, "get">> => {
    const called = JSON.stringify(target);
    const store = opened.get(called) ?? storeOf(target);
    opened.set(called, store);
    return store;
  };
  const rotatedAt = lastRotations({ state, key });
  const engines = handedOverTo({ state, key });
  const schedule = await tools.schedule();
  const ask = async ({ plan, move, at }: DoneMove): Promise<readonly MovedSecret[]> => {
    const { name, location, finding } = move;
    const of = { run: plan.id, name, subject: location.subjectName, rule: finding?.rule ?? null };
    // The store's engine changes it in its own time.
    const isHandedOver = (engines.get(move.reference)?.at ?? "") > at;
    const where = {
      ...{ store: plan.store.name, key: storeKeyText(move.key), reference: move.reference, movedAt: at },
      ...{
        rotatedAt: rotatedAt.get(move.reference) ?? null,
        everyDays: isHandedOver ? null : everyDays(move, schedule),
      },
    };
    if (isHandedOver) return [{ ...of, ...where, rotation: "rotated", why: null }];
    if (move.fingerprint === FORGOTTEN)
      return [{ ...of, ...where, rotation: "unknown", why: "its store did not answer when the run was scrubbed" }];
    try {
      const stored = await (await open(plan.store)).get(move.key);
      if (stored === null) return [{ ...of, ...where, rotation: "gone", why: null }];
      const same = isValueOf(move.fingerprint, stored.value, key);
      const secrets = await secretsOf(move, stored.value, same, tools);
      return secrets.map((one) => ({ ...of, ...where, ...one, why: null }));
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      return [{ ...of, ...where, rotation: "unknown", why: error.message }];
    }
  };
  return (await pMap(newest, ask, { concurrency: AT_ONCE })).flat();
}

function everyDays({ name, finding }: Move, schedule: RotationSchedule | null): number | null {
  return schedule?.names.get(name) ?? schedule?.rules.get(finding?.rule ?? "") ?? schedule?.every ?? null;
}

type RotatedSecret = Pick<MovedSecret, "name" | "rule" | "rotation">;

/** The secrets of a moved value. In a value that was changed, those that are in it still are not rotated. */
async function secretsOf(
  { name, location, finding, secrets = [] }: Move,
  value: Secret,
  same: boolean,
  { key, detector }: RotationTools,
): Promise<readonly RotatedSecret[]> {
  const left = new Set<Fingerprint | undefined>();
  if (!same && secrets.length > 1) {
    const question = { name, value, where: location.where, path: location.path };
    const asked = await detector();
    const found = asked.classify(question).secret
      ? [asked.part(question) ?? value, ...asked.more(question).map(({ part }) => part)]
      : [];
    for (const part of found) left.add(fingerprint(part, key));
  }
  const kept = (print: Fingerprint | undefined): boolean => same || (print !== undefined && left.has(print));
  const state = (print: Fingerprint | undefined): MovedSecret["rotation"] => (kept(print) ? "same" : "rotated");
  if (secrets.length < 2) return [{ name, rule: finding?.rule ?? null, rotation: state(undefined) }];
  return secrets.map((one) => ({
    name: secretName(name, one.path),
    rule: one.rule,
    rotation: state(one.fingerprint),
  }));
}
