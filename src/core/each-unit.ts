import pMap from "p-map";
import type { Step } from "../model/plan.ts";
import { isFromStore } from "./compare-stores.ts";
import { STORE_UNITS } from "./read-ahead.ts";

type PlannedUnit = readonly [unit: string, steps: readonly Step[]];

/** How many units may be worked on at once: entries of stores are apart, containers and files are not. */
export function unitsAtOnce(units: readonly PlannedUnit[]): number {
  return units.every(([, steps]) => isFromStore(steps)) ? STORE_UNITS : 1;
}

/**
 * Acts on units in their order, as many at once as may be. After the first that fails none is begun; its error is thrown when
 * those beside it have ended, since they still write to the journal.
 */
export async function eachUnit<Result>(
  units: readonly PlannedUnit[],
  act: (unit: string, steps: readonly Step[]) => Promise<Result>,
): Promise<readonly Result[]> {
  const errors: unknown[] = [];
  const results = await pMap(
    units,
    async ([unit, steps]): Promise<readonly Result[]> => {
      if (errors.length > 0) return [];
      try {
        return [await act(unit, steps)];
      } catch (error) {
        errors.push(error);
        return [];
      }
    },
    { concurrency: unitsAtOnce(units) },
  );
  if (errors.length > 0) throw errors[0];
  return results.flat();
}
