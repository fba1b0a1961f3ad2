import type { Host } from "../contract/host.ts";
import { UnsprawlError } from "../model/error.ts";
import { locked, undoUnit, type ApplyTools, type RunResult, type UnitResult } from "./apply.ts";
import { openJournal, readJournal, type Installation } from "./journal/journal.ts";
import { mustBeLast } from "./journal/later-runs.ts";
import { unitsOf, unitState } from "./journal/runs.ts";

/**
 * Undoes a run, finished or not: restores every unit and removes what the run wrote to the store. Safe to repeat after
 * a kill. Throws `refused` if the run was scrubbed.
 */
export async function rollback(id: string, tools: ApplyTools, host: Host): Promise<RunResult> {
  const { plan, receipts: before } = readJournal(tools, id);
  if (before.some((receipt) => receipt.step.startsWith("scrub") && receipt.state === "done")) {
    throw new UnsprawlError(
      "refused",
      `run ${id} was scrubbed: what it kept is gone`,
      "the values are in the store; put them back by hand if need be",
    );
  }
  mustBeLast(tools, { plan, receipts: before });
  return locked(plan, tools, async () => {
    const journal = openJournal(tools, id);
    const { record, receipts } = journal;
    record.intent("rollback");
    const results: UnitResult[] = [];
    for (const [unit, steps] of [...unitsOf(plan)].toReversed()) {
      const was = unitState(receipts, unit);
      if (was === "begun" || was === "done") await undoUnit(unit, steps, journal, tools, host);
      results.unshift({ unit, state: was === "new" ? "not begun" : "undone", error: null });
    }
    record.done("rollback");
    journal.close();
    const state = "rolled back";
    return { version: 1, run: id, state, units: results, inspected: false, cleaned: false, proofs: [], error: null };
  });
}

/** Whether a rollback of the run was interrupted: then `resume` continues the rollback. */
export function rollbackBegun(id: string, installation: Installation): boolean {
  return (
    readJournal(installation, id).receipts.findLast((receipt) => receipt.step === "rollback" || receipt.step === "run")
      ?.step === "rollback"
  );
}
