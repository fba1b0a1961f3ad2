import { readJournal, runIds, type Installation } from "../core/journal/journal.ts";
import { runState } from "../core/journal/runs.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { rotateSteps } from "./plan-text.ts";

/** The entries of rotations that were begun and are not finished, by reference, each with its run. Journals that cannot be read are skipped. */
export function unfinishedRotations(installation: Installation): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const run of runIds(installation.state)) {
    const journal = readable(installation, run);
    const steps = rotateSteps(journal?.plan.steps ?? []);
    if (journal === null || steps.length === 0) continue;
    if (!["unfinished", "running"].includes(runState(installation.state, journal))) continue;
    for (const { reference } of steps.flatMap(({ entries }) => entries)) found.set(reference, run);
  }
  return found;
}

/**
 * Throws `refused` for a secret whose rotation is not finished: a second one would take the new value for the old, and the
 * first value would stay accepted.
 */
export function mustBeFinished(references: readonly string[], unfinished: ReadonlyMap<string, string>): void {
  const run = references.map((one) => unfinished.get(one)).find((one) => one !== undefined);
  if (run === undefined) return;
  throw new UnsprawlError(
    "refused",
    `run ${run} has begun to rotate it, and is not finished`,
    cmd`unsprawl resume ${run}, or unsprawl rollback ${run}`,
  );
}

function readable(installation: Installation, run: string): ReturnType<typeof readJournal> | null {
  try {
    return readJournal(installation, run);
  } catch {
    return null;
  }
}
