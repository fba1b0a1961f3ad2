import type { Json } from "../model/json.ts";
import type { Installation } from "./journal/journal.ts";
import { readJournal } from "./journal/journal.ts";
import { listRuns } from "./journal/runs.ts";

/** A service whose Compose file repeats what its image runs since a run of this host. */
export type RepeatedWords = {
  readonly run: string;
  readonly project: string;
  readonly service: string;
  /** The project's first file. */
  readonly file: string;
  /** The digest of the image's words at that time. */
  readonly words: string;
};

/** By the journals of runs that have not been taken back; of several runs, the first, which wrote the words. */
export function repeatedWords(installation: Installation): readonly RepeatedWords[] {
  const found = new Map<string, RepeatedWords>();
  for (const { run, state, units } of listRuns(installation)) {
    if (state !== "done" && state !== "scrubbed") continue;
    const moved = new Set(units.filter((unit) => unit.state === "done").map(({ unit }) => unit));
    for (const step of readJournal(installation, run).plan.steps) {
      if (step.kind !== "rewrite" || !moved.has(step.unit)) continue;
      const { name, files, repeats } = step.target;
      for (const [service, words] of Object.entries(isObject(repeats) ? repeats : {})) {
        const id = JSON.stringify([name, service]);
        if (typeof name !== "string" || typeof words !== "string" || found.has(id)) continue;
        const file = Array.isArray(files) ? String(files[0]) : "";
        found.set(id, { run, project: name, service, file, words });
      }
    }
  }
  return [...found.values()];
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
