import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import type { StepTail } from "../../contract/about.ts";
import { isOnlyOurs } from "../../kit/io/owner.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import type { Plan } from "../../model/plan.ts";
import type { Receipt } from "../../model/receipt.ts";
import { readUnverified, journalChanged, type Unverified } from "./chain.ts";
import { hasBegun, journalFile, journalText, readJournal, runIds } from "./journal.ts";
import { isPlan } from "./plan-form.ts";
import { planFault } from "./plan-shape.ts";
import { runState } from "./runs.ts";
import type { KnownRuns } from "./taken-over.ts";

/** Where to find the runs to render. `key` is null if it cannot be opened; `tails` as in `planFault`. */
export type RenderPlace = {
  readonly state: string;
  readonly key: FingerprintKey | null;
  readonly tails: ReadonlyMap<string, StepTail>;
};

export type RenderJournal = {
  readonly plan: Plan;
  readonly receipts: readonly Receipt[];
  /** Why the journal could not be authenticated; null if it was. */
  readonly warning: string | null;
};

/**
 * Reads a run's journal for `render`, which only puts stored values into this host's memory. So that an upgrade or a
 * lost key does not keep applications from starting, it also accepts
 * - a journal written by an earlier version, whose lines have no MAC, and
 * - any journal if the installation's key cannot be opened,
 *
 * provided that nobody but this user and root could have written it. Throws like `readJournal`: a wrong MAC is always
 * refused.
 */
export function readToRender(place: RenderPlace, id: string): RenderJournal {
  const { state, key } = place;
  if (key === null) return unverified(place, id, "all", "the fingerprint key cannot be opened");
  try {
    return { ...readJournal({ state, key }, id), warning: null };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "refused") throw error;
    const file = journalFile(state, id);
    if (readUnverified(journalText(state, id), id, file).codes !== "none") throw error;
    return unverified(place, id, "none", "an earlier version of unsprawl wrote it");
  }
}

/**
 * The journal of a run that a version without authentication codes began, for a person to look at; null if it has codes.
 * Throws like `readToRender`.
 */
export function readUnsigned(place: RenderPlace, id: string): Pick<RenderJournal, "plan" | "receipts"> | null {
  const { state, key } = place;
  if (readUnverified(journalText(state, id), id, journalFile(state, id)).codes !== "none") return null;
  const journal = unverified(place, id, "none", "an earlier version of unsprawl wrote it");
  if (journal.plan.keyId === key?.id) return journal;
  throw new UnsprawlError(
    "refused",
    `the journal of run ${id} was written under another fingerprint key`,
    "restore the key: by UNSPRAWL_FINGERPRINT_KEY_FILE, or in the state folder from a backup",
  );
}

/** The runs with something to render, oldest first, and the unreadable runs with the reason. */
export function allToRender(place: RenderPlace): {
  readonly journals: readonly RenderJournal[];
  readonly unreadable: readonly { readonly run: string; readonly error: UnsprawlError }[];
} {
  const journals: RenderJournal[] = [];
  const unreadable: { run: string; error: UnsprawlError }[] = [];
  for (const run of runIds(place.state).filter((id) => hasBegun(place.state, id))) {
    try {
      const journal = readToRender(place, run);
      if (isLive(runState(place.state, journal))) journals.push(journal);
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      unreadable.push({ run, error });
    }
  }
  return { journals, unreadable };
}

/** What the journals of this host say of its runs, for `mustBeOwnValue`. */
export function knownRuns(place: RenderPlace): KnownRuns {
  return { runs: allToRender(place).journals, key: place.key };
}

function isLive(state: string): boolean {
  return state === "done" || state === "scrubbed";
}

function unverified({ state, tails }: RenderPlace, id: string, codes: Unverified["codes"], why: string): RenderJournal {
  const file = journalFile(state, id);
  const read = readUnverified(journalText(state, id), id, file);
  if (read.codes !== codes && read.codes !== "none") throw journalChanged(id, file);
  for (const path of [file, dirname(file), state]) {
    if (isOnlyOurs(lstatSync(path))) continue;
    throw new UnsprawlError(
      "refused",
      `the journal of run ${id} is not used without its codes: others can write ${path}`,
      cmd`chown 0:0 ${path} && chmod go-w ${path}, once nobody has changed it`,
    );
  }
  const { plan, receipts } = read;
  const fault = planFault(plan, tails);
  if (fault !== null || !isPlan(plan))
    throw new UnsprawlError("malformed", `the plan in the journal of run ${id}: ${fault}`, cmd`look at ${file}`);
  const warning = `run ${id} is rendered by a journal that is not authenticated: ${why}`;
  return { plan, receipts, warning };
}
