import { basename } from "node:path";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { programStart, type RunCommand } from "./shell-run.ts";

/**
 * The name of a run line's container: its name, else its image's; null if only the shell knows, and for impossible
 * names: after a quote that never ends it would be half the script, values included.
 */
export function runName({ said: { name, image } }: RunCommand): string | null {
  const [path = ""] = (image ?? "").split("@");
  const called = name ?? path.split("/").at(-1)?.split(":")[0] ?? "";
  return /^\w[\w.-]{0,254}$/.test(called) ? called : null;
}

/** `deploy.sh:12 web`. */
export function subjectOf(file: string, text: string, run: RunCommand): string {
  return [`${basename(file)}:${lineOf(text, programStart(run))}`, runName(run) ?? ""].join(" ").trim();
}

/** The run line of this subject. */
export function runOf(
  { file, text, runs }: { readonly file: string; readonly text: string; readonly runs: readonly RunCommand[] },
  subject: string,
): RunCommand | undefined {
  return runs.find((run) => subjectOf(file, text, run) === subject);
}

/** `deploy.sh web`: the same without the line. */
export function lastingSubject(file: string, run: RunCommand): string {
  return [basename(file), runName(run) ?? ""].join(" ").trim();
}

/** `docker run web`. */
export function runText(run: RunCommand): string {
  return [run.program, "run", runName(run) ?? ""].join(" ").trim();
}
