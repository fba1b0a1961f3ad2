import type { Fingerprint } from "../model/fingerprint.ts";
import type { Verdict } from "../model/finding.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts, Where } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";

/** A value to classify, with its name and kind of place. */
export type ClassifyInput = {
  readonly name: string;
  readonly where: Where;
  readonly value: Secret;
  /** The path inside the subject, or the file's path; custom rules may match it. */
  readonly path?: string;
};

/**
 * How to read the bytes. `file`: as text, or not at all if a NUL near the start marks them as binary. `text` and
 * `binary`: as stated.
 */
export type TextForm = "file" | "text" | "binary";

/**
 * Whether a value is cached as dismissed. For environments `entry` is the raw `NAME=value`; otherwise it is the name,
 * and `value` is passed too.
 */
export type IsCachedValue = (where: Where, entry: string, value?: string) => boolean;

/** Stands for a value that this process does not hold: its fingerprint and length in bytes. */
export type Print = { readonly fingerprint: Fingerprint; readonly length: number };

/** A secret found in a text, with its line and the literal that contains it. */
export type Spotted = {
  /** The name it is assigned to; empty if none. */
  readonly name: string;
  /** Counted from 1; meaningless in binary data. */
  readonly line: number;
  readonly value: Secret;
  readonly part: Secret;
  readonly verdict: Verdict;
  readonly masked: string;
  /** Set if another process found the secret: `value` and `part` are then empty. */
  readonly print?: Print;
};

/** Classifies values. Synchronous, no I/O, bounded time for any input; `why` quotes no part of the value. */
export interface Detector {
  classify(question: ClassifyInput): Verdict;
  /** Whether this value is cached as dismissed. False means only that it is not in the cache. */
  known: IsCachedValue;
  /** The value as it may be shown: at most the public prefix of its kind, dots for the rest, the length hidden. */
  mask(question: ClassifyInput): string;
  /** The name as it may be shown: `…` if it contains a secret, or may. */
  name(name: string): string;
  /** The decoded secret part, equal for equal secrets in different forms. Null if the value is not a secret. */
  part(question: ClassifyInput): Secret | null;
  /**
   * Every secret in a text, including those suppressed by a setting; in binary data only known token formats. `path`
   * determines the file format.
   */
  text(bytes: Uint8Array, path: string, as?: TextForm): readonly Spotted[];
}

/** A file, or a piece of a large one, as a range of a byte array. */
export type TextPiece = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** The number of lines of the file before this piece; -1 if unknown. */
  readonly line: number;
  readonly as: "text" | "binary";
};

/** Files in memory. The bytes are transferred to a worker thread: the sender must not use them afterwards. */
export type TextBlock = { readonly bytes: Uint8Array<ArrayBuffer>; readonly pieces: readonly TextPiece[] };

/** A secret and the index of the piece it was found in. */
export type SpottedText = Spotted & { readonly piece: number };

export type DetectedFile = {
  readonly file: string;
  readonly bytes: number;
  readonly spotted: readonly Spotted[];
  readonly error: string | null;
};

/** A secret of a subject with its verdict; also one that a setting suppressed. */
export type DetectedSecret = {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: Secret;
  /** See `Spotted`. */
  readonly print?: Print;
};

/** The findings in a batch of documents. */
export type ReadBatch = {
  readonly subjects: number;
  readonly values: number;
  /** `at` is the document's index in the batch. */
  readonly errors: readonly { readonly at: number; readonly message: string; readonly hint: string }[];
  /** Subjects with at least one finding. */
  readonly found: readonly {
    readonly subject: Subject;
    readonly facts: SubjectFacts;
    readonly exposure: readonly string[];
    readonly told: readonly DetectedSecret[];
  }[];
};

/** The bytes of a batch reading and their source. */
export type BatchBytes = { readonly source: string; readonly bytes: Uint8Array; readonly first: boolean };

/** Worker threads that read and classify in parallel. Values do not leave this process. */
export interface WorkerPool {
  /** Number of threads. */
  readonly size: number;
  /**
   * Reads files by absolute path and finds the secrets in them; `error` is the code (`EACCES`) if a file cannot be
   * read.
   */
  files(files: readonly string[]): Promise<readonly DetectedFile[]>;
  /** Finds the secrets in pieces of files in memory. */
  texts(block: TextBlock): Promise<readonly SpottedText[]>;
  /** Parses and classifies a batch; null if its bytes are not complete documents. */
  batch(batch: BatchBytes): Promise<ReadBatch | null>;
  /** The same, parsed in this thread while all workers are busy; they classify values that are not cached. */
  batchHere(batch: BatchBytes): Promise<ReadBatch | null>;
  close(): Promise<void>;
}
