import pMap from "p-map";
import type { Provider } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { storeKeyText, type StoreTarget } from "../model/plan.ts";
import { completedMoves, type DoneMove } from "./moved.ts";
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
 * For every secret that this installation's runs migrated and did not roll back, whether it has been rotated since.
 * Oldest first, each store key once. Excludes values that came from another store: they were not exposed.
 */
export async function rotations({ state, key, storeOf }: RotationTools): Promise<readonly MovedSecret[]> {
  const moved = completedMoves({ state, key })
    .filter(({ move }) => move.location.where !== "store")
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  // The newest run that wrote a key counts: it replaced what older runs wrote.
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
    const where = { store: plan.store.name, key: storeKeyText(move.key), reference: move.reference, movedAt: at };
    if (move.fingerprint === FORGOTTEN)
      return { ...of, ...where, rotation: "unknown", why: "its store did not answer when the run was scrubbed" };
    try {
      const stored = await (await open(plan.store)).get(move.key);
      if (stored === null) return { ...of, ...where, rotation: "gone", why: null };
      const same = isValueOf(move.fingerprint, stored.value, key);
      return { ...of, ...where, rotation: same ? "same" : "rotated", why: null };
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      return { ...of, ...where, rotation: "unknown", why: error.message };
    }
  };
  return pMap(newest.values(), ask, { concurrency: AT_ONCE });
}
