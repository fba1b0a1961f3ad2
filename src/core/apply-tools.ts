import type { Migration, Work } from "../contract/migration.ts";
import type { Provider } from "../contract/provider.ts";
import type { ReferenceHolder } from "../contract/reference-holder.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { Secret } from "../model/secret.ts";

/** What the work on a plan asks: its migration and its store, whose values it makes known to the redaction. */
export type ApplyTools = {
  readonly migration: Migration;
  readonly provider: Provider;
  readonly key: FingerprintKey;
  readonly state: string;
  readonly know: (value: Secret) => void;
  /** Removes known values from text written by others, before it is written to the journal. */
  readonly redact: (text: string) => string;
  readonly quote: Work["quote"];
  /** The containers of this host's engine that hold references. */
  readonly holders: () => Promise<readonly ReferenceHolder[]>;
  readonly breakLock: boolean;
  /** Refuses every verb that changes something. Default: false. */
  readonly readOnly?: boolean;
};
