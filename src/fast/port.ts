import type { FileReading, SourceReading } from "../contract/source.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Verdict } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import type { BytesReading, FastReading, FinishedReading, KeyedReading, Print, ReadingOfSecret } from "./reading.ts";

/**
 * Takes readings to their end and classifies every value in them. Throws what reading or classifying throws. Which
 * secrets are reported does not depend on the implementation; their order, and that of files, may.
 */
export type Inspect = (
  readings: AsyncIterable<FastReading>,
  how: InspectOptions,
  events: InspectEvents,
) => Promise<void>;

export type InspectOptions = {
  /** See `FastSource`. */
  readonly threaded: boolean;
  /** Each secret of a subject is reported with the subject's other values, so that they can be looked up. */
  readonly neighbours: boolean;
};

/** What inspecting reports. */
export type InspectEvents = {
  /** A subject before its values are classified, or a reading without values. */
  readonly read: (reading: KeyedReading | ReadingWithoutValues) => void;
  /** A secret, or a value that a setting suppressed. */
  readonly secret: (secret: DetectedSecret, reading: ReadingOfSecret) => void;
  /** A subject, after its values. */
  readonly classified: (reading: KeyedReading) => void;
  /** A file, after its secrets; `error` is a code (`EACCES`) if it could not be read. */
  readonly file: (reading: FileReading, error: string | null) => void;
  /** A batch, after its secrets, in the order of the batches. Reported instead of each of its subjects. */
  readonly batch: (counts: BatchCounts) => void;
};

export type ReadingWithoutValues =
  | Extract<SourceReading, { readonly kind: "total" | "error" }>
  | FinishedReading
  | BytesReading;

/** A secret of a subject with its verdict; also one that a setting suppressed. */
export type DetectedSecret = {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: Secret;
  /** See `ShelvedSecret`. */
  readonly print?: Print;
};

export type BatchCounts = {
  readonly subjects: number;
  readonly values: number;
  /** `at` is the document's index in the batch. */
  readonly errors: readonly { readonly at: number; readonly message: string; readonly hint: string }[];
};
