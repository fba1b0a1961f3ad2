import type { Spotted, SpottedText, TextBlock } from "./detector.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { SubjectRef } from "../model/subject-ref.ts";

/** One item read from a source: a subject, something to read elsewhere, progress, or an error. */
export type SourceReading =
  | { readonly kind: "total"; readonly subjects: number }
  | {
      readonly kind: "subject";
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      readonly candidates: readonly Candidate[];
      /** Who else can read this subject's values, in plain English. */
      readonly exposure: readonly string[];
      /** Every value is a secret because of its location (a store); none is classified. */
      readonly stored?: true;
      /** Cache key of the subject's current state; lets an interrupted scan resume. */
      readonly key?: string;
    }
  | {
      /** A subject already scanned before an interruption, by its key; not read again. */
      readonly kind: "finished";
      readonly key: string;
      /** Its source and exposure here, which may differ from where it was scanned. */
      readonly as: { readonly source: string; readonly exposure: readonly string[] };
    }
  | {
      /** A file, read by the worker that classifies it. */
      readonly kind: "file";
      readonly source: string;
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      /** Absolute path. */
      readonly file: string;
      readonly exposure: readonly string[];
    }
  | {
      /** Unparsed bytes of many subjects, which any thread may parse. */
      readonly kind: "batch";
      readonly source: string;
      /** Passed to `WorkerPool.batch`; opaque here. */
      readonly bytes: Uint8Array;
      readonly first: boolean;
      /** False if this process has to parse it because later batches depend on it. */
      readonly separable: boolean;
      /** The batch's readings; null if the bytes are not complete documents. */
      readonly read: () => Iterable<SourceReading> | null;
      /** The readings of this and all later batches in order, for bytes that cannot be parsed separately. */
      readonly slowly: () => Iterable<SourceReading>;
    }
  | {
      /**
       * Pieces of files in memory. The secrets found are passed back to the source, which may need to read on before it
       * can locate them.
       */
      readonly kind: "text";
      readonly block: TextBlock;
      /** Called immediately; the promise settles when the block has been classified. */
      readonly judged: (spotted: Promise<readonly SpottedText[]>) => void;
    }
  | {
      /** Secrets found in a subject's files, each with its path. */
      readonly kind: "found";
      readonly source: string;
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      readonly exposure: readonly string[];
      readonly found: readonly { readonly spotted: Spotted; readonly path: string }[];
    }
  /** Progress in bytes; `total` is null if unknown. */
  | { readonly kind: "bytes"; readonly done: number; readonly total: number | null }
  | {
      readonly kind: "error";
      /** The name to show; null for a subject without one, which is then called by its number. */
      readonly subject: string | null;
      readonly about: SubjectRef;
      readonly message: string;
      readonly hint: string;
    };

/**
 * - `layers`: also read the files of images, layer by layer.
 * - `finished`: whether the subject with this key was already scanned; not read again.
 * - `ask`: called and awaited with many keys before `finished` is.
 * - `only`: read only the subjects with these ids. May be ignored by sources that are never asked for it.
 * - `mayBeEmpty`: a name without a match is not an error.
 */
export type SourceReadOptions = {
  readonly layers: boolean;
  readonly finished?: (key: string) => boolean;
  readonly ask?: (keys: readonly string[]) => Promise<void>;
  readonly only?: ReadonlySet<string>;
  readonly mayBeEmpty?: boolean;
};

/** A read-only origin of candidates, such as an engine or a saved inspect document. */
export interface Source {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /** Its subjects may have cache keys, so that an interrupted scan can resume. */
  readonly resumable?: true;
  /** Its subjects are already running: values that their images would add are not looked up. */
  readonly running?: true;
  /** Yields only files or batches, which the worker pool classifies; this thread may not need a detector. */
  readonly byCrew?: true;
  /**
   * Reads every subject that matches `what` (a name, a glob, a file; empty means all). Throws `usage` if `what` is
   * invalid, `unreachable` or `denied` if nothing can be read. A single subject that cannot be read yields an `error`,
   * and reading continues.
   */
  read(what: string, signal: AbortSignal, options?: SourceReadOptions): AsyncIterable<SourceReading>;
  /** Present if the source has layers; `options.layers` may be true only then. */
  readonly layers?: true;
}

export type SubjectReading = Extract<SourceReading, { readonly kind: "subject" }>;
