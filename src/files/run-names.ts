import { basename } from "node:path";
import { startOf, type RunCommand } from "../text/shell-run.ts";

/** From 1. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

/** What the container of a run line is called: its name, else its image's; null when only the shell knows. */
export function calledBy({ said: { name, image } }: RunCommand): string | null {
  const [path = ""] = (image ?? "").split("@");
  return name ?? (path.split("/").at(-1)?.split(":")[0] || null);
}

/** `deploy.sh:12 web`. */
export function subjectOf(file: string, text: string, run: RunCommand): string {
  return [`${basename(file)}:${lineOf(text, startOf(run))}`, calledBy(run) ?? ""].join(" ").trim();
}

/** `docker run web`. */
export function runText(run: RunCommand): string {
  return [run.program, "run", calledBy(run) ?? ""].join(" ").trim();
}
