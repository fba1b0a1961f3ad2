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

/** The newest move of each entry of a store, oldest first: it replaced what older runs wrote. Excludes what came from another store: it was not exposed. */
export function newestMoves(all: readonly DoneMove[]): readonly DoneMove[] {
  const own = all.filter(({ move }) => move.location.where !== "store").toSorted((a, b) => (a.at < b.at ? -1 : 1));
  return [...new Map(own.map((one) => [JSON.stringify([one.plan.store, one.move.key]), one])).values()];
}

/** A moved secret: when a run moved it, and when `rotate` last replaced it; null if it did not. ISO 8601. */
export type MovedAge = {
  readonly name: string;
  readonly subject: string;
  /** Where it was moved from: `docker:web`, `docker:`. */
  readonly source: string;
  readonly store: string;
  /** The fingerprints of its value and of the secret in it, as they were when it was moved. */
  readonly fingerprints: readonly string[];
  readonly movedAt: string;
  readonly rotatedAt: string | null;
};

/** The age of each secret that runs of this installation moved and did not take back. No store is asked: what somebody else wrote there is not known. */
export function movedAges(installation: Installation): readonly MovedAge[] {
  const rotated = lastRotations(installation);
  return newestMoves(completedMoves(installation)).map(({ plan, move, at }) => ({
    ...{ name: move.name, subject: move.location.subjectName, source: move.location.source },
    ...{ store: plan.store.name, movedAt: at },
    fingerprints: [move.fingerprint, ...(move.finding === undefined ? [] : [move.finding.fingerprint])],
    rotatedAt: rotated.get(move.reference) ?? null,
  }));
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

/** Of each entry whose login a run handed over to the engine of its store: that run, when it was done, and the reference that counts since. */
export function handedOverTo(
  installation: Installation,
): ReadonlyMap<string, { readonly run: string; readonly at: string; readonly reference: string }> {
  const handed = new Map<string, { run: string; at: string; reference: string }>();
  for (const { plan, receipts } of journals(installation))
    for (const step of plan.steps) {
      if (step.kind !== "rotate" || step.handover === undefined || unitStates(receipts)(step.unit) !== "done") continue;
      for (const { reference } of step.entries)
        handed.set(reference, {
          ...{ run: plan.id, at: doneAt(receipts)(step.unit) ?? plan.createdAt },
          reference: step.handover.role.reference,
        });
    }
  return handed;
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
