import { resolve } from "node:path";
import type { ConsumerReader } from "../../src/contract/supplies.ts";
import { consumersOfLine } from "./supplied.ts";
import { subjectOf } from "./syntax/run-names.ts";
import { readScript } from "./syntax/script.ts";

export type ScriptConsumerTools = { readonly cwd: string; readonly mayHold: (folder: string) => boolean };

/** Reads the consumers of `script:FILE` from the labels and mounts of its run lines. */
export function scriptConsumers({ cwd, mayHold }: ScriptConsumerTools): ConsumerReader {
  return async (what) => {
    const { file, text, runs } = await readScript(resolve(cwd, what));
    const found = runs.map((run) => consumersOfLine(run, subjectOf(file, text, run), mayHold));
    return { consumers: found.flatMap(({ consumers }) => consumers), faults: found.flatMap(({ faults }) => faults) };
  };
}
