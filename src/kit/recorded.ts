import * as v from "valibot";
import { UnsprawlError } from "../model/error.ts";
import { anyMap } from "./schema/index.ts";

/**
 * The data of the newest journal record for this step, in any state, or null. Throws `malformed`, naming
 * the first member that does not fit the schema: acting on partial data could undo the wrong thing.
 */
export function parseRecord<T extends object>(
  record: { last(step: string): object | null },
  step: string,
  schema: v.GenericSchema<unknown, T>,
): T | null {
  const data = record.last(step);
  if (data === null) return null;
  const read = v.safeParse(schema, data);
  if (read.success) return read.output;
  const part = read.issues[0].path?.[0].key;
  throw new UnsprawlError(
    "malformed",
    `the journal's ${step} has ${typeof part === "string" ? part : "no data"} in a form that this version does not read`,
    "use the version that wrote it",
  );
}

/** Data of one kind by name, whatever the names are. */
export function recordedByName<T>(
  schema: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, { [name: string]: T }> {
  return v.pipe(anyMap(), v.record(v.string(), schema));
}
