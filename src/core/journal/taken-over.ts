import { UnsprawlError } from "../../model/error.ts";
import type { Fingerprint, FingerprintKey } from "../../model/fingerprint.ts";
import type { StoreTarget } from "../../model/plan.ts";
import type { Secret } from "../../model/secret.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { isValueOf } from "./trace.ts";
import { isOwnUse, usesIn, type EntryUse, type RunRecords, type UnitOwner } from "./uses.ts";

/** A stored value that a unit is about to be given, and where it comes from. */
export type GivenValue = {
  readonly name: string;
  readonly reference: string;
  /** Null if it is not known which store the reference is for. */
  readonly store: StoreTarget | null;
  readonly value: Secret;
};

/** What the journals of this host say of its runs; the key is null if it cannot be opened. */
export type KnownRuns = { readonly runs: readonly RunRecords[]; readonly key: FingerprintKey | null };

/**
 * Throws `conflict` for a value that another unit put where this unit's value was: the entry is the other one's now. A
 * value that was changed in the store in any other way, by a person or by `rotate`, passes. So does everything that no
 * run of this host moved.
 */
export function mustBeOwnValue(given: GivenValue, own: UnitOwner, { runs, key }: KnownRuns): void {
  const puts = runs.flatMap((run) => putsOf(run, given));
  const mine = puts.filter(({ use }) => isOwnUse(use, own));
  const last = mine.reduce((latest, { use }) => (use.at > latest ? use.at : latest), "");
  const other = puts.find(({ use }) => !isOwnUse(use, own) && use.at > last && use.before !== "same")?.use;
  if (mine.length === 0 || other === undefined) return;
  // It may have been put back by hand.
  if (key !== null && mine.some(({ print }) => isValueOf(print, given.value, key))) return;
  throw new UnsprawlError(
    "conflict",
    `${given.name}: ${given.reference} has been replaced by the value of ${other.unit} (run ${other.run})`,
    cmd`${bare("give each its own place in the store: migrate one of them to another path; or")} unsprawl rollback ${other.run}`,
  );
}

/**
 * When a run of this host put a value into this entry last, for one of these units, and whether any of those was `given`;
 * null if none did.
 */
export function lastPut(
  given: GivenValue,
  owners: readonly UnitOwner[],
  { runs, key }: KnownRuns,
): { readonly at: string; readonly isThis: boolean } | null {
  const mine = runs
    .flatMap((run) => putsOf(run, given))
    .filter(({ use }) => owners.some((own) => isOwnUse(use, own)))
    .toSorted((one, other) => (one.use.at < other.use.at ? -1 : 1));
  const last = mine.at(-1);
  if (last === undefined) return null;
  return { at: last.use.at, isThis: key !== null && mine.some(({ print }) => isValueOf(print, given.value, key)) };
}

type PutUse = { readonly use: EntryUse; readonly print: Fingerprint };

/** The uses of an entry in one run, each with the fingerprint of the value that was moved. */
function putsOf(run: RunRecords, { reference, store }: GivenValue): readonly PutUse[] {
  return run.plan.steps.flatMap((step) => {
    if (step.kind !== "put" || step.move.reference !== reference) return [];
    const uses = usesIn(run, store ?? run.plan.store, step.move.key);
    return uses.filter(({ unit }) => unit === step.unit).map((use) => ({ use, print: step.move.fingerprint }));
  });
}
