import type { MoveRecord } from "../contract/history.ts";
import type { Move, Plan } from "../model/plan.ts";
import { readJournal, runIds, type Installation } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";

/** A secret that a run migrated and did not roll back, with the time it was done (ISO 8601). */
export type DoneMove = { readonly plan: Plan; readonly move: Move; readonly at: string };

/** All moves of this installation, run by run. Unreadable journals are skipped; `unsprawl runs` reports them. */
export function completedMoves(installation: Installation): readonly DoneMove[] {
  return runIds(installation.state).flatMap((run) => {
    try {
      const { plan, receipts } = readJournal(installation, run);
      return plan.steps.flatMap((step) => {
        if (step.kind !== "put" || unitState(receipts, step.unit) !== "done") return [];
        const done = receipts.findLast((receipt) => receipt.step === `unit:${step.unit}` && receipt.state === "done");
        return [{ plan, move: step.move, at: done?.at ?? plan.createdAt }];
      });
    } catch {
      return [];
    }
  });
}

/** The same moves as history records. Moves of plans from older versions, which lack finding ids, are left out. */
export function movedByRuns(installation: Installation): readonly MoveRecord[] {
  return completedMoves(installation).flatMap(({ plan, move: { finding, name }, at }) =>
    finding === undefined
      ? []
      : [{ fingerprint: finding.fingerprint, finding: finding.id, name, run: plan.id, store: plan.store.name, at }],
  );
}
