import type { MoveRecord } from "../contract/history.ts";
import type { Move, Plan } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import { readJournal, runIds, type Installation } from "./journal/journal.ts";
import { unitStates } from "./journal/runs.ts";
import type { RunRecords } from "./journal/uses.ts";

/** A secret that a run migrated and did not roll back, with the time it was done (ISO 8601). */
export type DoneMove = { readonly plan: Plan; readonly move: Move; readonly at: string };

/** All moves of this installation, run by run. Unreadable journals are skipped; `unsprawl runs` reports them. */
export function completedMoves(installation: Installation): readonly DoneMove[] {
  return journals(installation).flatMap(({ plan, receipts }) => {
    const [stateOf, at] = [unitStates(receipts), doneAt(receipts)];
    return plan.steps.flatMap((step) =>
      step.kind === "put" && stateOf(step.unit) === "done"
        ? [{ plan, move: step.move, at: at(step.unit) ?? plan.createdAt }]
        : [],
    );
  });
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

/** When each unit was done last. */
function doneAt(receipts: readonly Receipt[]): (unit: string) => string | undefined {
  const done = new Map(receipts.flatMap(({ step, state, at }) => (state === "done" ? [[step, at] as const] : [])));
  return (unit) => done.get(`unit:${unit}`);
}

/** When each reference's value was last rotated by a run that was not rolled back (ISO 8601). */
export function lastRotations(installation: Installation): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  for (const { plan, receipts } of journals(installation)) {
    const [stateOf, doneOf] = [unitStates(receipts), doneAt(receipts)];
    for (const step of plan.steps) {
      if (step.kind !== "rotate" || stateOf(step.unit) !== "done") continue;
      const at = doneOf(step.unit) ?? plan.createdAt;
      for (const { reference } of step.entries) if ((last.get(reference) ?? "") < at) last.set(reference, at);
    }
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
