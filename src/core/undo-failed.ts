import pMap from "p-map";
import type { Host } from "../contract/host.ts";
import type { UnsprawlError } from "../model/error.ts";
import type { Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { unitsAtOnce } from "./each-unit.ts";
import type { Journal } from "./journal/journal.ts";
import { undoUnit } from "./undo-unit.ts";
import type { ApplyTools } from "./apply-tools.ts";
import type { UnitResult } from "./run-end.ts";

/** `values`: for an undo while the store is unreachable. */
export type FailedUnit = {
  readonly unit: string;
  readonly failure: UnsprawlError;
  readonly values: ReadonlyMap<string, Secret>;
};

/**
 * Undoes the units that failed, once those beside them have ended: an undo continues without a journal if it must, which
 * no write may, and removes a path that another unit may be writing to. Throws `partly` if one can be repeated.
 */
export async function undoFailed(
  failed: readonly FailedUnit[],
  units: readonly (readonly [unit: string, steps: readonly Step[]])[],
  results: UnitResult[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
): Promise<void> {
  journal.tolerant();
  for (const { unit, failure } of failed) journal.failed(`unit:${unit}`, failure.message);
  const errors: unknown[] = [];
  await pMap(
    units.entries(),
    async ([at, [unit, steps]]) => {
      const own = failed.find((one) => one.unit === unit);
      if (own === undefined) return;
      try {
        const undone = await undoUnit(unit, steps, journal, tools, host, own.values.size > 0 ? own.values : undefined);
        results[at] = { ...undone, unit, error: own.failure.message };
      } catch (error) {
        errors.push(error);
      }
    },
    { concurrency: unitsAtOnce(units) },
  );
  if (errors.length > 0) throw errors[0];
}
