import type { Host } from "../contract/host.ts";
import { NO_WAY_BACK, UnsprawlError } from "../model/error.ts";
import { locked } from "./apply.ts";
import { eachUnit } from "./each-unit.ts";
import { openJournal, readJournal, type Installation, type Journal } from "./journal/journal.ts";
import { mustBeLast } from "./journal/later-runs.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";
import { notAsBefore, type RunResult, type UnitResult } from "./run-end.ts";
import { undoneBefore, undoUnit } from "./undo-unit.ts";
import { valuesForUndo } from "./undo-values.ts";
import type { ApplyTools } from "./apply-tools.ts";

/**
 * Undoes a run, finished or not: restores every unit and removes what the run wrote to the store. Safe to repeat after
 * a kill. Throws `refused` if the run was scrubbed, and before anything is changed if its originals are sealed under a
 * value that is nowhere any more.
 */
export async function rollback(id: string, tools: ApplyTools, host: Host): Promise<RunResult> {
  const { plan } = mustBeUndoable(id, tools);
  return locked(plan, tools, async () => {
    const journal = openJournal(tools, id);
    const { record, receipts } = journal;
    const needed = await valuesForUndo(journal, tools, host).catch((error: unknown) => {
      journal.close();
      throw error;
    });
    record.intent("rollback");
    const stateOf = unitStates(receipts);
    const undone = await eachUnit([...unitsOf(plan)].toReversed(), async (unit, steps): Promise<UnitResult> => {
      const was = stateOf(unit);
      if (was === "new") return { unit, state: "not begun", error: null };
      if (was === "undone") return undoneBefore(unit, receipts, true);
      return { unit, error: null, ...(await undoUnit(unit, steps, journal, tools, host, needed.get(unit)?.values)) };
    }).catch((error: unknown) => endOf(error, journal));
    const results = undone.toReversed();
    record.done("rollback");
    journal.close();
    const error = notAsBefore(id, results, null);
    const state = error === null ? "rolled back" : "partly";
    return { version: 1, run: id, state, units: results, inspected: false, cleaned: false, proofs: [], error };
  });
}

/** Where there is no way back, `resume` continues the run, not its rollback. Throws the error. */
function endOf(error: unknown, journal: Journal): never {
  if (error instanceof UnsprawlError && error.cause === NO_WAY_BACK) journal.failed("run", error.message, error.code);
  journal.close();
  throw error;
}

/** The journal of a run that can be rolled back. Throws `refused` if it was scrubbed, or if a later run builds on it. */
export function mustBeUndoable(id: string, installation: Installation): Pick<Journal, "plan" | "receipts"> {
  const journal = readJournal(installation, id);
  if (journal.receipts.some((receipt) => receipt.step.startsWith("scrub") && receipt.state === "done")) {
    throw new UnsprawlError(
      "refused",
      `run ${id} was scrubbed: what it kept is gone`,
      "the values are in the store: recreate the container or restore the file yourself with them",
    );
  }
  mustBeLast(installation, journal);
  return journal;
}

/** Whether a rollback of the run was interrupted: then `resume` continues the rollback. */
export function rollbackBegun(id: string, installation: Installation): boolean {
  return (
    readJournal(installation, id).receipts.findLast((receipt) => receipt.step === "rollback" || receipt.step === "run")
      ?.step === "rollback"
  );
}
