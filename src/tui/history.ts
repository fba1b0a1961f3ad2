import type { RunSummary, UnitState } from "../core/journal/runs.ts";
import { keptByRun } from "../engine/names.ts";
import type { Finding } from "../model/finding.ts";
import { storeKeyText, type Plan } from "../model/plan.ts";
import type { SecretGroup } from "./groups.ts";

/** What one run did with one secret of one subject. */
export type SecretRun = {
  readonly run: string;
  readonly createdAt: string;
  readonly state: RunSummary["state"];
  readonly next: string | null;
  readonly store: string;
  readonly unit: string;
  readonly unitState: UnitState;
  readonly subject: string;
  readonly name: string;
  readonly fingerprint: string;
  /** Where in the store, for people. */
  readonly key: string;
  readonly reference: string;
};

/** The runs of this installation by secret; newest first. */
export type RunHistory = {
  /** Runs that moved this secret, and runs that only touched one of its subjects. */
  of(group: SecretGroup): { readonly secret: readonly SecretRun[]; readonly subjects: readonly SecretRun[] };
  /** When a run last rotated this secret, or else moved it (ISO 8601); null if none did. */
  renewed(group: SecretGroup): { readonly how: "rotated" | "moved"; readonly at: string; readonly run: string } | null;
  /** The store that a run left this secret in; null if none did. */
  storeOf(finding: Finding): string | null;
};

export const NO_HISTORY: RunHistory = {
  of: () => ({ secret: [], subjects: [] }),
  renewed: () => null,
  storeOf: () => null,
};

/** `runs`: oldest first, as the journal lists them. */
export function historyOf(runs: readonly { readonly summary: RunSummary; readonly plan: Plan }[]): RunHistory {
  const byPrint = new Map<string, SecretRun[]>();
  const bySubject = new Map<string, SecretRun[]>();
  const byRun = new Map<string, string>();
  const rotated = new Map<string, Pick<SecretRun, "run" | "createdAt">>();
  for (const { summary, plan } of runs.toReversed()) {
    byRun.set(summary.run, summary.store);
    for (const step of plan.steps) {
      if (step.kind === "rotate" && stateOf(summary, step.unit) === "done")
        for (const { reference } of step.entries)
          if (!rotated.has(reference)) rotated.set(reference, { run: summary.run, createdAt: summary.createdAt });
      if (step.kind !== "put") continue;
      const { move, unit } = step;
      const past: SecretRun = {
        run: summary.run,
        createdAt: summary.createdAt,
        state: summary.state,
        next: summary.next,
        store: summary.store,
        unit,
        unitState: stateOf(summary, unit),
        subject: move.location.subjectName,
        name: move.name,
        fingerprint: move.fingerprint,
        key: storeKeyText(move.key),
        reference: move.reference,
      };
      add(byPrint, past.fingerprint, past);
      add(bySubject, past.subject, past);
    }
  }
  return {
    of({ fingerprint, findings }) {
      const secret = new Set(byPrint.get(fingerprint));
      const subjects = new Set<SecretRun>();
      for (const { name, location } of findings)
        for (const past of bySubject.get(location.subjectName) ?? [])
          // A URL moves as a whole while its password was found: the variable is the same.
          if (past.name === name) secret.add(past);
          else subjects.add(past);
      return { secret: [...secret], subjects: [...subjects].filter((past) => !secret.has(past)) };
    },
    renewed(group) {
      // Most secrets were never touched by a run: nothing is put together for them.
      if (byPrint.size === 0) return null;
      const moved = this.of(group).secret.filter(({ unitState }) => unitState === "done");
      const [newest] = moved
        .flatMap(({ reference }) => rotated.get(reference) ?? [])
        .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
      if (newest !== undefined) return { how: "rotated", at: newest.createdAt, run: newest.run };
      const [first] = moved;
      return first === undefined ? null : { how: "moved", at: first.createdAt, run: first.run };
    },
    storeOf({ fingerprint, name, location, state }) {
      const moved = [...(byPrint.get(fingerprint) ?? []), ...(bySubject.get(location.subjectName) ?? [])].find(
        (past) => past.unitState === "done" && (past.fingerprint === fingerprint || past.name === name),
      );
      if (moved) return moved.store;
      const run = state === "migrated" ? keptByRun(location.subjectName) : null;
      return run === null ? null : (byRun.get(run) ?? null);
    },
  };
}

/** The entries of stores that runs have put this secret into, and not taken out of again, by their references. */
export function movedReferences(history: RunHistory, group: SecretGroup): ReadonlySet<string> {
  return new Set(
    history.of(group).secret.flatMap(({ unitState, reference }) => (unitState === "done" ? [reference] : [])),
  );
}

const stateOf = ({ units }: RunSummary, unit: string): UnitState =>
  units.find((one) => one.unit === unit)?.state ?? "new";

function add(map: Map<string, SecretRun[]>, key: string, past: SecretRun): void {
  const same = map.get(key);
  if (same) same.push(past);
  else map.set(key, [past]);
}
