import * as v from "valibot";
import type { Owner, RunChange } from "../contract/delivery.ts";
import type { Recorder } from "../contract/migration.ts";
import { parseRecord } from "../kit/recorded.ts";

export const OWNER: v.GenericSchema<unknown, Owner> = v.object({ uid: v.number(), gid: v.number() });

/** The owner of the files that a `deliver` step made, as recorded in the journal; null if it made none on this host. */
export function recordedOwner(record: Pick<Recorder, "last">, step: string): Owner | null {
  return parseRecord(record, `${step}/owner`, OWNER);
}

const WORDS = v.nullable(v.array(v.string()));

/** What a delivery changes in a run configuration, as recorded in a journal. */
export const RUN_CHANGE: v.GenericSchema<unknown, RunChange> = v.object({
  unset: v.array(v.string()),
  set: v.array(v.object({ name: v.string(), value: v.string() })),
  mounts: v.array(
    v.object({
      ...{ source: v.string(), target: v.string() },
      volume: v.exactOptional(v.object({ driver: v.string(), options: v.record(v.string(), v.string()) })),
    }),
  ),
  entrypointPrefix: WORDS,
  healthcheckPrefix: WORDS,
  runtime: v.nullable(v.string()),
  labels: v.exactOptional(v.array(v.object({ name: v.string(), value: v.string() }))),
});
