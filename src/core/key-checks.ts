import type { Provider } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreTarget } from "../model/plan.ts";
import { inSteps, type DoctorCheck } from "./doctor.ts";
import type { Installation } from "./journal/journal.ts";
import { isBackedUp, type HeldKey } from "./key-files.ts";
import { completedMoves } from "./moved.ts";

/** A key that alone opens entries that runs of this installation have moved. */
export type RunKey = HeldKey & {
  readonly store: string;
  readonly entries: number;
  /** The newest of those runs. */
  readonly run: string;
};

/** The keys that alone open what runs have moved. A store that cannot be opened is left out: other checks report it. */
export async function runKeys(
  installation: Installation,
  storeOf: (target: StoreTarget) => Promise<Pick<Provider, "keyFiles">>,
): Promise<readonly RunKey[]> {
  const found = new Map<string, RunKey>();
  const byStore = Map.groupBy(completedMoves(installation), ({ plan }) => JSON.stringify(plan.store));
  for (const moves of byStore.values()) {
    const [first] = moves;
    if (first === undefined) continue;
    try {
      const provider = await storeOf(first.plan.store);
      for (const own of Map.groupBy(moves, ({ move }) => move.key.path).values()) {
        const entries = new Set(own.map(({ move }) => move.key.field)).size;
        for (const one of (await provider.keyFiles?.(own.map(({ move }) => move.key))) ?? []) {
          // No file, no key: that the file is gone is another check.
          if (one.id === null) continue;
          const store = first.plan.store.name;
          const at = JSON.stringify([store, one.id]);
          const before = found.get(at);
          found.set(at, {
            ...one,
            ...{ store, backedUp: isBackedUp(installation.state, one.id), run: own.at(-1)?.plan.id ?? "" },
            entries: (before?.entries ?? 0) + entries,
          });
        }
      }
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
    }
  }
  return [...found.values()];
}

/** Whether each key is there, and whether a backup of it is confirmed. Nothing for stores without such keys. */
export function keyChecks(keys: readonly RunKey[]): DoctorCheck[] {
  return keys.map(({ file, isThere, backedUp, store, entries, run }): DoctorCheck => {
    const [name, opens] = ["key", `opens ${entries} ${entries === 1 ? "entry" : "entries"} in ${store}`];
    if (!isThere)
      return {
        ...{ name, state: "fail", text: `${file} does not have the only key that ${opens}` },
        hint: cmd`restore ${file} from its backup (a new key opens nothing old)`,
      };
    const only = `only the key in ${file} ${opens}`;
    if (backedUp) return { name, state: "ok", text: `${only}; a backup of it is confirmed`, hint: null };
    return {
      ...{ name, state: "warn", text: `${only}, and no backup of it is confirmed` },
      ...inSteps("copy it to a safe place", cmd`unsprawl scrub ${run} --accept key-backup`),
    };
  });
}
