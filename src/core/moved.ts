import type { MoveRecord } from "../contract/history.ts";
import type { Move, Plan } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import { readJournal, runIds, type Installation } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";
import type { RunRecords } from "./journal/uses.ts";

/** A secret that a run migrated and did not roll back, with the time it was done (ISO 8601). */
export type DoneMove = { readonly plan: Plan; readonly move: Move; readonly at: string };

/** All moves of this installation, run by run. Unreadable journals are skipped; `unsprawl runs` reports them. */
export function completedMoves(installation: Installation): readonly DoneMove[] {
  return journals(installation).flatMap(({ plan, receipts }) =>
    plan.steps.flatMap((step) => {
      if (step.kind !== "put" || unitState(receipts, step.unit) !== "done") return [];
      return [{ plan, move: step.move, at: doneAt(receipts, step.unit) ?? plan.createdAt }];
    }),
  );
}

function journals(installation: Installation): readonly RunRecords[] {
  return runIds(installation.state).flatMap((run) => {
    try {
      return [readJournal(installation, run)];
    } catch {
      return [];
    }
  });
}

function doneAt(receipts: readonly Receipt[], unit: string): string | undefined {
  return receipts.findLast((receipt) => receipt.step === `unit:${unit}` && receipt.state === "done")?.at;
}

/** When each reference's value was last rotated by a run that was not rolled back (ISO 8601). */
export function lastRotations(installation: Installation): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const { plan, receipts } of journals(installation))
    for (const step of plan.steps) {
      if (step.kind !== "rotate" || unitState(receipts, step.unit) !== "done") continue;
      const at = doneAt(receipts, step.unit) ?? plan.createdAt;
      for (const { reference } of step.entries) if ((last.get(reference) ?? "") < at) last.set(reference, at);
    }
  return last;
}

/** The same moves as history records. Moves of plans from older versions, which lack finding ids, are left out. */
export function movedByRuns(installation: Installation): readonly MoveRecord[] {
  return completedMoves(installation).flatMap(({ plan, move: { finding, name }, at }) =>
    finding === undefined
      ? []
      : [{ fingerprint: finding.fingerprint, finding: finding.id, name, run: plan.id, store: plan.store.name, at }],
  );
}
