import type { MoveRecord } from "../contract/history.ts";
import type { Move, Plan } from "../model/plan.ts";
import { readJournal, runIds, type Installation } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";

/** A secret that a run moved and did not bring back, and when that was done (ISO 8601). */
export type DoneMove = { readonly plan: Plan; readonly move: Move; readonly at: string };

/** All of this installation, run by run. A journal that cannot be read tells nothing: `unsprawl runs` says so. */
export function doneMoves(installation: Installation): readonly DoneMove[] {
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

/** The same as a history keeps it; a plan of an earlier version does not name its findings, and tells nothing. */
export function movedByRuns(installation: Installation): readonly MoveRecord[] {
  return doneMoves(installation).flatMap(({ plan, move: { finding, name }, at }) =>
    finding === undefined
      ? []
      : [{ fingerprint: finding.fingerprint, finding: finding.id, name, run: plan.id, store: plan.store.name, at }],
  );
}
