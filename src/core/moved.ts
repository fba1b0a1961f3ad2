import type { Moved } from "../contract/history.ts";
import type { Receipt } from "../model/receipt.ts";
import { readJournal, runIds } from "./journal.ts";
import { unitState } from "./runs.ts";

/**
 * What the runs of this installation moved and did not bring back, oldest first. A journal that cannot be read, and one
 * of an earlier version, which does not name its findings, tells nothing.
 */
export function movedByRuns(state: string): readonly Moved[] {
  return runIds(state).flatMap((id) => {
    try {
      return movedBy(readJournal(state, id));
    } catch {
      return []; // `unsprawl runs` says that it is unreadable
    }
  });
}

function movedBy({ plan, receipts }: Pick<ReturnType<typeof readJournal>, "plan" | "receipts">): Moved[] {
  return plan.steps.flatMap((step) => {
    if (step.kind !== "put" || step.move.finding === undefined) return [];
    if (unitState(receipts, step.unit) !== "done") return [];
    const { id, fingerprint } = step.move.finding;
    const { name } = step.move;
    return [{ fingerprint, finding: id, name, run: plan.id, store: plan.store.name, at: doneAt(receipts, step.unit) }];
  });
}

function doneAt(receipts: readonly Receipt[], unit: string): string {
  return receipts.findLast(({ step, state }) => step === `unit:${unit}` && state === "done")?.at ?? "";
}
