import pMap from "p-map";
import type { Stored } from "../contract/provider.ts";
import type { PlanTools, HitToMove, ReadAhead } from "./plan-input.ts";
import type { StoreKey } from "../model/plan.ts";

/** A store key as the key of a map. */
export const storeKeyId = ({ path, field }: StoreKey): string => `${path}\0${field}`;

/** How many units are read ahead of their planning. */
export const UNITS_AHEAD = 64;
/** How many values or units from store to store are read, moved, compared or undone at once. */
export const STORE_UNITS = 8;

/**
 * Asks the store for the places of these units side by side. Units are planned one after another, since each reserves its
 * places; of ten thousand entries of another store each would wait for its answer in turn.
 */
export async function readAhead(
  units: readonly { readonly hits: readonly HitToMove[] }[],
  { migration, provider }: PlanTools,
): Promise<ReadAhead> {
  const hits = units.flatMap((unit) => unit.hits).filter(({ finding }) => finding.location.subject === "store");
  const found = new Map<string, Stored | null>();
  await pMap(
    hits,
    async ({ finding }) => {
      try {
        const key = provider.key({ ...(await migration.names(finding)), name: finding.name });
        found.set(storeKeyId(key), await provider.get(key));
      } catch {
        // Planning meets the same error, and says what it means for the unit.
      }
    },
    { concurrency: STORE_UNITS },
  );
  return found;
}
