import pMap from "p-map";
import type { Provider } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { keyText, type StoreTarget } from "../model/plan.ts";
import { doneMoves, type DoneMove } from "./moved.ts";
import { FORGOTTEN, isValueOf } from "./journal/trace.ts";

/** A secret that a run moved: it had been exposed, and is worth nothing to who read it only once it has been rotated. */
export type MovedSecret = {
  readonly run: string;
  readonly name: string;
  readonly subject: string;
  /** The rule that found it, by which it is rotated; null when the plan does not say. */
  readonly rule: string | null;
  /** Where it is now, for people. */
  readonly store: string;
  readonly key: string;
  /** When it was moved. ISO 8601. */
  readonly movedAt: string;
  /** Whether the store holds another value by now; null when it could not be asked, and `why` says why. */
  readonly rotated: boolean | null;
  readonly why: string | null;
};

export type RotationTools = {
  readonly state: string;
  readonly key: FingerprintKey;
  /** Throws what opening the store throws. */
  readonly storeOf: (target: StoreTarget) => Promise<Pick<Provider, "get">>;
};

const AT_ONCE = 8;

/**
 * Every secret that the runs of this installation moved and did not bring back, oldest first, each place in a store
 * once: whether it has been rotated since. What came out of another store had been exposed to nobody, and is not told.
 */
export async function rotations({ state, key, storeOf }: RotationTools): Promise<readonly MovedSecret[]> {
  const moved = doneMoves({ state, key })
    .filter(({ move }) => move.location.where !== "store")
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  // The newest run that wrote a place decides: what an older one had put there is gone.
  const newest = new Map(moved.map((one) => [JSON.stringify([one.plan.store, one.move.key]), one]));
  const opened = new Map<string, Promise<Pick<Provider, "get">>>();
  const open = async (target: StoreTarget): Promise<Pick<Provider, "get">> => {
    const called = JSON.stringify(target);
    const store = opened.get(called) ?? storeOf(target);
    opened.set(called, store);
    return store;
  };
  const ask = async ({ plan, move, at }: DoneMove): Promise<MovedSecret> => {
    const { name, location, finding } = move;
    const of = { run: plan.id, name, subject: location.subjectName, rule: finding?.rule ?? null };
    const where = { store: plan.store.name, key: keyText(move.key), movedAt: at };
    if (move.fingerprint === FORGOTTEN)
      return { ...of, ...where, rotated: null, why: "its store did not answer when the run was scrubbed" };
    try {
      const stored = await (await open(plan.store)).get(move.key);
      // Gone from the store, it opens nothing that is still in use.
      const rotated = stored === null || !isValueOf(move.fingerprint, stored.value, key);
      return { ...of, ...where, rotated, why: null };
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      return { ...of, ...where, rotated: null, why: error.message };
    }
  };
  return pMap(newest.values(), ask, { concurrency: AT_ONCE });
}
