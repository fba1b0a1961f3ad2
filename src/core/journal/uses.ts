import type { Json } from "../../model/json.ts";
import { valueKey, type Plan, type PutStep, type StoreKey, type StoreTarget } from "../../model/plan.ts";
import type { Receipt } from "../../model/receipt.ts";
import { readUnverified } from "./chain.ts";
import { hasBegun, journalText, readJournal, runIds, type Installation } from "./journal.ts";
import { unitState } from "./runs.ts";

/** A unit of a run that relies on a store entry. */
export type EntryUse = {
  readonly run: string;
  readonly unit: string;
  readonly engine: string;
  /** When it was put there, or found there; ISO 8601. */
  readonly at: string;
  /** What the store held before the run: `absent`, `same` (the run shares the entry) or `other` (it replaced a value). */
  readonly before: string;
};

/** What a journal says of one run. */
export type RunRecords = { readonly plan: Plan; readonly receipts: readonly Receipt[] };

/** What identifies a unit across runs. The engine is null if it is the one of this host. */
export type UnitOwner = { readonly unit: string; readonly engine: string | null };

/** The units of a run, without those rolled back, that have a value at this key. */
export function usesIn({ plan, receipts }: RunRecords, store: StoreTarget, key: StoreKey): readonly EntryUse[] {
  if (!isSameServer(plan.store, store)) return [];
  return plan.steps.flatMap((step) => {
    if (step.kind !== "put" || step.move.key.path !== key.path || step.move.key.field !== key.field) return [];
    if (!["begun", "done"].includes(unitState(receipts, step.unit))) return [];
    const put = receipts.findLast((receipt) => receipt.step === step.id);
    const before = put?.data["before"];
    return {
      run: plan.id,
      unit: step.unit,
      engine: plan.engine.id,
      at: put?.at ?? plan.createdAt,
      before: typeof before === "string" ? before : step.found,
    };
  });
}

/**
 * The uses of an entry by the runs of this installation, without `except`. A run whose journal is not authentic counts,
 * with an empty unit, if its text contains the entry, or if its plan cannot be read.
 */
export function entryUses(
  installation: Installation,
  store: StoreTarget,
  key: StoreKey,
  except: string,
): readonly EntryUse[] {
  return usesOfRuns(installation, except)(store, key);
}

/** The same for many entries: each journal is read once. */
export function usesOfRuns(
  installation: Installation,
  except: string,
): (store: StoreTarget, key: StoreKey) => readonly EntryUse[] {
  const runs = runIds(installation.state)
    .filter((run) => run !== except)
    .map((run) => {
      try {
        const records = readJournal(installation, run);
        const keys = new Set(records.plan.steps.flatMap((step) => (step.kind === "put" ? [valueKey(step.move)] : [])));
        return { run, records, keys };
      } catch {
        return { run };
      }
    });
  return (store, key) =>
    runs.flatMap(({ run, records, keys }) => {
      if (records !== undefined) return keys.has(valueKey({ key })) ? usesIn(records, store, key) : [];
      const may = hasBegun(installation.state, run) && mayName(installation.state, run, key);
      return may ? [{ run, unit: "", engine: "", at: "", before: "" }] : [];
    });
}

/**
 * The uses of an entry that came after this run replaced its value: then the old value must not come back. A run from before
 * relies on the old one.
 */
export function usesSince(
  uses: readonly EntryUse[],
  { plan, receipts }: RunRecords,
  step: PutStep,
): readonly EntryUse[] {
  const replacedAt = receipts.findLast((receipt) => receipt.step === step.id)?.at ?? plan.createdAt;
  return uses.filter(({ at }) => at === "" || at > replacedAt);
}

/** Whether a use is by the unit itself. A run that changes only files names no engine. */
export function isOwnUse(use: UnitOwner, own: UnitOwner): boolean {
  return (
    use.unit === own.unit &&
    (own.engine === null || use.engine === own.engine || [use.engine, own.engine].includes(ON_FILES))
  );
}

/** The engine id in plans that change only files. */
const ON_FILES = "files";

/** Whether a plan with this engine id is about an engine: not if it changes only files, stores or registries. */
export const isOnEngine = (id: string): boolean => ![ON_FILES, "stores", "registries"].includes(id);

/**
 * Whether a key names the same entry in both targets: they are on one server. Their names, logins and path templates
 * may differ.
 */
export function isSameServer(one: StoreTarget, other: StoreTarget): boolean {
  return one.provider === other.provider && JSON.stringify(serverOf(one)) === JSON.stringify(serverOf(other));
}

/** The settings that say on which server a store is. */
export function serverOf({ settings }: StoreTarget): readonly Json[] {
  return SERVER.map((setting) => settings[setting] ?? null);
}

const SERVER = ["address", "url", "endpoint", "region", "namespace", "mount"] as const;

/** Whether an inauthentic journal may refer to a store entry; true if its plan cannot be read. */
function mayName(state: string, id: string, key: StoreKey): boolean {
  try {
    const text = journalText(state, id);
    readUnverified(text.slice(0, text.indexOf("\n") + 1), id, "");
    return [key.path, key.field].every((part) => text.includes(JSON.stringify(part)));
  } catch {
    return true;
  }
}
