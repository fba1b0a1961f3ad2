import type { Owner } from "../contract/delivery.ts";
import type { Recorder } from "../contract/migration.ts";
import { isNumber, recorded, type RecordForm } from "../kit/recorded.ts";

const OWNER: RecordForm<Owner> = { uid: isNumber, gid: isNumber };

/** Who owns the files that a `deliver` step made, as the journal noted it; null when it made none on this host. */
export function recordedOwner(record: Pick<Recorder, "last">, step: string): Owner | null {
  return recorded(record, `${step}/owner`, OWNER);
}
