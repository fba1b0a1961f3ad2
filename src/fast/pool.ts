import type { Subject, SubjectFacts } from "../model/location.ts";
import type { BatchCounts, DetectedSecret } from "./port.ts";
import type { SpottedTexts, TextBlock } from "./reading.ts";
import type { NamedFile, SpottedFile } from "./spot.ts";

/** Worker threads that read and classify in parallel. Values do not leave this process. */
export interface WorkerPool {
  /** Number of threads. */
  readonly size: number;
  /** Reads files and finds the secrets in them. */
  files(files: readonly NamedFile[]): Promise<readonly SpottedFile[]>;
  /** Finds the secrets in pieces of files in memory, whose bytes are transferred. */
  texts(block: TextBlock): Promise<SpottedTexts>;
  /** Parses and classifies a batch; null if its bytes are not complete documents, or a value was not read whole. */
  batch(batch: BatchBytes): Promise<ReadBatch | null>;
  /** The same, parsed in this thread while all workers are busy; they classify values that are not cached. */
  batchHere(batch: BatchBytes): Promise<ReadBatch | null>;
  close(): Promise<void>;
}

/** The bytes of a batch reading and their source. */
export type BatchBytes = { readonly source: string; readonly bytes: Uint8Array; readonly first: boolean };

/** The findings in a batch of documents. */
export type ReadBatch = BatchCounts & {
  /** Subjects with at least one finding. */
  readonly found: readonly {
    readonly subject: Subject;
    readonly facts: SubjectFacts;
    readonly exposure: readonly string[];
    readonly told: readonly DetectedSecret[];
  }[];
};
