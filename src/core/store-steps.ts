import type { Recorder } from "../contract/migration.ts";
import type { BesideValue } from "../model/beside.ts";
import type { Origin, Provider, PutPreview, Stored } from "../contract/provider.ts";
import { removeSeen } from "../contract/remove-seen.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { storeKeyText, type Move, type Plan, type StoreKey, type PutStep } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { ApplyTools } from "./apply-tools.ts";

/**
 * Writes one value to the store: create only, or with `--overwrite` by check-and-set on the current version. The old
 * value is kept beside it (`NAME.before-RUN`) until scrub. Idempotent: an equal value is left as it is. Throws
 * `conflict` if another value is there. `beside` goes along to an entry that this creates.
 */
export async function putValue(
  { provider, know }: Pick<ApplyTools, "provider" | "know">,
  step: PutStep,
  value: Secret,
  plan: Plan,
  record: Recorder,
  beside?: BesideValue,
): Promise<void> {
  const { move } = step;
  const origin = { runId: plan.id, subject: step.unit, name: move.name, ...recipientsIn(step) };
  const stored = await provider.get(move.key);
  if (stored?.value.equals(value)) {
    if (record.last(step.id) === null) record.intent(step.id, { before: "same" });
    // Created by this run, which was killed then.
    if (beside !== undefined && before(record, step.id).before === "absent")
      await provider.putBeside?.(move.key, beside);
    record.done(step.id, before(record, step.id));
    return;
  }
  if (stored !== null && !step.overwrite) {
    throw new UnsprawlError(
      "conflict",
      `the store has another value at ${storeKeyText(move.key)} since the plan was made`,
      "unsprawl plan again",
    );
  }
  // Nothing says who may read it, in a store that would have said.
  if (stored === null && step.found === "same" && provider.mayPut !== undefined)
    throw new UnsprawlError(
      "changed",
      `the store no longer has ${storeKeyText(move.key)}, as it had when the plan was made`,
      "unsprawl plan again",
    );
  if (stored === null) {
    record.intent(step.id, { before: "absent" });
    try {
      await provider.put(move.key, value, null, origin, beside);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !NOTHING_WRITTEN.has(error.code)) throw error;
      // Somebody else was first: what is there is not this run's, which an undo must leave.
      record.intent(step.id, { before: "same" });
      const first = await provider.get(move.key);
      if (first === null || !first.value.equals(value)) throw error;
    }
  } else {
    know(stored.value);
    record.intent(step.id, { before: "other" });
    await keep(provider, backupKey(move.key, plan.id), stored.value, origin);
    await provider.put(move.key, value, await versionOf(provider, move.key, stored.value), origin);
  }
  record.done(step.id, before(record, step.id));
}

/** What a put compares with who can read the store then; nothing where the store did not say. */
export function recipientsIn(from: Pick<PutPreview, "recipients"> | undefined): Pick<PutPreview, "recipients"> {
  return from?.recipients === undefined ? {} : { recipients: from.recipients };
}

/** Errors of a put that has found out that somebody else writes there. */
const NOTHING_WRITTEN: ReadonlySet<string> = new Set(["conflict", "changed"]);

/** Reads a value back and compares it. Throws `changed` if it differs or is missing. */
export async function verifyValue(provider: Provider, move: Move, value: Secret): Promise<void> {
  const stored = await provider.get(move.key);
  if (stored === null)
    throw new UnsprawlError(
      "changed",
      `${move.reference} was written but is not there`,
      "unsprawl stores check shows what the store allows",
    );
  if (!stored.value.equals(value))
    throw new UnsprawlError(
      "changed",
      `${move.reference} does not hold the bytes that were written`,
      "another writer may be at work; unsprawl plan again",
    );
}

/**
 * The inverse of `putValue`: removes what this run created, restores what it replaced, leaves everything else.
 * `shared`: another run now relies on the entry, so it stays. Returns whether the store has another value than the run
 * wrote, which stays too.
 */
export async function undoPut(
  { provider, know, key }: Pick<ApplyTools, "provider" | "know" | "key">,
  step: PutStep,
  plan: Plan,
  record: Recorder,
  shared: boolean,
): Promise<boolean> {
  const was = record.last(step.id)?.["before"];
  const { move } = step;
  const ours = (value: Secret): boolean => fingerprint(value, key) === move.fingerprint;
  let isOther = false;
  if ((was === "absent" || was === "other") && !shared) {
    const current = await provider.get(move.key);
    isOther = current !== null && !ours(current.value);
    // Also if there is none: a killed removal may have left an object without values.
    if (was === "absent" && !isOther) await removeSeen(provider, move.key, ours, true);
    if (was === "other") await restoreBackup(current);
  }
  if (was !== undefined) record.undone(step.id, { before: was });
  return isOther;

  async function restoreBackup(current: Stored | null): Promise<void> {
    const backup = backupKey(move.key, plan.id);
    const kept = await provider.get(backup);
    if (kept) know(kept.value);
    if (kept && current && ours(current.value)) {
      await provider.put(move.key, kept.value, current.version, { runId: plan.id, subject: step.unit });
      await mustHold(provider, move.key, kept.value);
    }
    if (kept) await removeSeen(provider, backup, (value) => value.equals(kept.value));
  }
}

/** Deletes the old value that an overwrite kept. */
export async function dropBackup(provider: Provider, step: PutStep, plan: Plan): Promise<void> {
  if (step.overwrite) await removeSeen(provider, backupKey(step.move.key, plan.id), () => true);
}

function backupKey(key: StoreKey, runId: string): StoreKey {
  // Letters, digits and dashes are valid in the names of every store.
  if (key.field === "") return { path: `${key.path}-before-${runId}`, field: "" };
  return { path: key.path, field: `${key.field}.before-${runId}` };
}

/** The version now: what is kept beside a value may have changed it. Throws `conflict` if the value is another one by now. */
async function versionOf(provider: Provider, key: StoreKey, value: Secret): Promise<string> {
  const stored = await provider.get(key);
  if (stored?.value.equals(value) === true) return stored.version;
  throw new UnsprawlError("conflict", `the value at ${storeKeyText(key)} has changed meanwhile`, "unsprawl plan again");
}

async function keep(
  provider: Provider,
  key: StoreKey,
  value: Secret,
  { name: _name, ...origin }: Origin,
): Promise<void> {
  const there = await provider.get(key);
  if (there?.value.equals(value)) return;
  await provider.put(key, value, null, origin);
  await mustHold(provider, key, value);
}

/** Throws `failed` unless a value that was written is read back: what it replaces, or is a copy of, is about to go. */
async function mustHold(provider: Provider, key: StoreKey, value: Secret): Promise<void> {
  if ((await provider.get(key))?.value.equals(value) === true) return;
  throw new UnsprawlError(
    "failed",
    `the store ${provider.target.name} said that ${storeKeyText(key)} was written, and does not have it`,
    cmd`unsprawl stores check ${provider.target.name}`,
  );
}

function before(record: Recorder, step: string): { readonly before: string } {
  const was = record.last(step)?.["before"];
  return { before: typeof was === "string" ? was : "same" };
}
