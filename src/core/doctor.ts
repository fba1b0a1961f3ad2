import { UnsprawlError } from "../model/error.ts";
import type { Installation } from "./journal/journal.ts";
import { listRuns } from "./journal/runs.ts";

export type DoctorCheck = {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
  readonly hint: string | null;
};

/**
 * One part of `doctor`. Throws UnsprawlError for a problem, otherwise returns one line on what works, or several
 * checks.
 */
export type DoctorProbe = { readonly name: string; readonly look: () => Promise<string | readonly DoctorCheck[]> };

/** Checks everything a migration needs; a failing part does not hide the others. */
export async function doctor(probes: readonly DoctorProbe[]): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (const { name, look } of probes) {
    try {
      const found = await look();
      if (typeof found === "string") checks.push({ name, ok: true, text: found, hint: null });
      else checks.push(...found);
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      checks.push({ name, ok: false, text: error.message, hint: error.hint });
    }
  }
  return checks;
}

/** Unfinished runs, and finished runs that still keep old containers. */
export function runChecks(installation: Installation): DoctorCheck[] {
  const runs = listRuns(installation).filter((run) => ["unfinished", "unreadable", "done"].includes(run.state));
  if (runs.length === 0) return [{ name: "runs", ok: true, text: "nothing is left over", hint: null }];
  return runs.map((run) => ({
    name: "runs",
    ok: run.state === "done",
    text:
      run.state === "done"
        ? `run ${run.run} keeps the old containers for rollback`
        : `run ${run.run} is ${run.state}${run.error === null ? "" : `: ${run.error}`}`,
    hint: run.next,
  }));
}
