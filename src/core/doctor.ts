import { UnsprawlError } from "../model/error.ts";
import type { Installation } from "./journal/journal.ts";
import { listRuns, type RunSummary } from "./journal/runs.ts";

/**
 * `warn`: works, and something should be done. `fail`: does not work, or will not at the next start. `unknown`: was not
 * examined, so it may be either.
 */
export type CheckState = "ok" | "warn" | "fail" | "unknown";

export type DoctorCheck = {
  readonly name: string;
  readonly state: CheckState;
  readonly text: string;
  /** The next command, or what else to do; null if nothing is to be done. */
  readonly hint: string | null;
  /** The same as steps that each stand alone, so that a command can be copied. Absent for a single one. */
  readonly steps?: readonly string[];
  /** The message of the error that kept this from being examined. */
  readonly because?: string;
};

/**
 * One part of `doctor`. Throws UnsprawlError for a problem, otherwise returns one line on what works, or several
 * checks.
 */
export type DoctorProbe = { readonly name: string; readonly look: () => Promise<string | readonly DoctorCheck[]> };

/**
 * Examines everything that a migration needs and has left behind. A part that fails does not hide the others, and a
 * problem that several parts run into is described once.
 */
export async function doctor(probes: readonly DoctorProbe[]): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (const { name, look } of probes) {
    try {
      const found = await look();
      if (typeof found === "string") checks.push({ name, state: "ok", text: found, hint: null });
      else checks.push(...withoutRepeats(found, checks));
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      const before = checks.find(({ text }) => text === error.message);
      if (before === undefined) checks.push({ name, state: "fail", text: error.message, hint: error.hint });
      else checks.push(notChecked(name, before.name));
    }
  }
  return checks;
}

/** What was not examined because of a problem that is described already, in one line. */
function withoutRepeats(found: readonly DoctorCheck[], before: readonly DoctorCheck[]): readonly DoctorCheck[] {
  const told: DoctorCheck[] = [];
  for (const { because, ...check } of found) {
    const cause = before.find(({ state, text }) => state === "fail" && text === because);
    const next = cause === undefined ? check : notChecked(check.name, cause.name);
    if (cause === undefined || !told.some(({ name, text }) => name === next.name && text === next.text))
      told.push(next);
  }
  return told;
}

/** What to do in several steps. */
export function inSteps(...steps: readonly string[]): Pick<DoctorCheck, "hint" | "steps"> {
  return { hint: steps.join("; "), steps };
}

/** A part that another part's problem keeps from being examined. */
export function notChecked(name: string, cause: string): DoctorCheck {
  return { name, state: "unknown", text: `not checked, because of ${cause}`, hint: null };
}

/** `2 problems, 1 warning, 1 not checked`, or that all is well. */
export function verdict(checks: readonly DoctorCheck[]): string {
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length;
  const [fail, warn, unknown] = [count("fail"), count("warn"), count("unknown")];
  const parts = [
    ...(fail > 0 ? [some(fail, "problem")] : []),
    ...(warn > 0 ? [some(warn, "warning")] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
  ];
  return parts.length === 0 ? `${some(checks.length, "check")}, no problem found` : parts.join(", ");
}

/**
 * Unfinished runs, and finished runs that still keep old containers. `isKept` says whether what a finished run kept is
 * still there; null if that is unknown.
 */
export function runChecks(
  installation: Installation,
  isKept: (run: RunSummary) => boolean | null = () => true,
): DoctorCheck[] {
  const runs = listRuns(installation).filter((run) => ["unfinished", "unreadable", "done"].includes(run.state));
  const name = "runs";
  if (runs.length === 0) return [{ name, state: "ok", text: "nothing is left over", hint: null }];
  return runs.map((run): DoctorCheck => {
    if (run.state === "done") {
      const kept = isKept(run);
      if (kept === false)
        return {
          ...{ name, state: "warn", hint: run.next },
          text: `the old containers of run ${run.run} are gone: it cannot be rolled back`,
        };
      if (kept === null)
        return {
          ...{ name, state: "unknown", hint: null },
          text: `whether run ${run.run} still has its old containers: the engine does not answer`,
        };
      return { ...{ name, state: "ok", hint: run.next }, text: `run ${run.run} keeps what it replaced for rollback` };
    }
    const why = run.error === null ? "" : `: ${run.error}`;
    return { name, state: "fail", text: `run ${run.run} is ${run.state}${why}`, hint: run.next };
  });
}

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
