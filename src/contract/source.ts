import type { Spotted, SpottedText, TextBlock } from "./detector.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { SubjectRef } from "../model/subject-ref.ts";

/** One subject read, or why it could not be read. */
export type SourceReading =
  | { readonly kind: "total"; readonly subjects: number }
  | {
      readonly kind: "subject";
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      readonly candidates: readonly Candidate[];
      /** Who else can see this subject's values, in plain words. */
      readonly exposure: readonly string[];
      /** Every value is a secret because of where it is: nothing is judged. */
      readonly stored?: true;
      /** Names this subject as it is now: what is found in it may be kept under this, for a scan that is gone on with. */
      readonly key?: string;
    }
  | {
      /** A subject that an interrupted scan had judged, by its key: not read again. */
      readonly kind: "finished";
      readonly key: string;
      /** What is told of it here, where it may be called otherwise. */
      readonly as: { readonly source: string; readonly exposure: readonly string[] };
    }
  | {
      /** A file whose text is read where it is judged. */
      readonly kind: "file";
      readonly source: string;
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      /** Absolute path. */
      readonly file: string;
      readonly exposure: readonly string[];
    }
  | {
      /** Many subjects in bytes that are still to be parsed, wherever there is room for it. */
      readonly kind: "batch";
      readonly source: string;
      /** What `Crew` takes: opaque here. */
      readonly bytes: Uint8Array;
      readonly first: boolean;
      /** False when this process has to read it, since it tells something about those that come later. */
      readonly separable: boolean;
      /** Its readings; null when the bytes are not those of whole documents. */
      readonly read: () => Iterable<SourceReading> | null;
      /** Its readings, for bytes that nobody else can make anything of, and all later ones; in order. */
      readonly slowly: () => Iterable<SourceReading>;
    }
  | {
      /** Pieces of files that are in memory. What is spotted goes back to the source, which may know only later how to tell it. */
      readonly kind: "text";
      readonly block: TextBlock;
      /** Called at once; the promise is settled when the block has been judged. */
      readonly judged: (spotted: Promise<readonly SpottedText[]>) => void;
    }
  | {
      /** What was spotted in a subject's files, each with its place. */
      readonly kind: "found";
      readonly source: string;
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      readonly exposure: readonly string[];
      readonly found: readonly { readonly spotted: Spotted; readonly path: string }[];
    }
  /** How many bytes have been read, of how many; null when nobody knows. */
  | { readonly kind: "bytes"; readonly done: number; readonly total: number | null }
  | {
      readonly kind: "error";
      /** As it is shown. Null for one that has no name: it is called by its number. */
      readonly subject: string | null;
      readonly about: SubjectRef;
      readonly message: string;
      readonly hint: string;
    };

/**
 * `layers`: the files of images too, layer by layer. `finished`: keys of subjects that need not be read again; `ask` is
 * told of many at once before, and awaited. `only`: the subjects with these ids alone; a source of which nobody asks this
 * may leave it out. `mayBeEmpty`: an engine in which nothing is called so is no error.
 */
export type SourceReadOptions = {
  readonly layers: boolean;
  readonly finished?: (key: string) => boolean;
  readonly ask?: (keys: readonly string[]) => Promise<void>;
  readonly only?: ReadonlySet<string>;
  readonly mayBeEmpty?: boolean;
};

/** A read-only place that holds candidates, such as an engine or a saved inspect document. */
export interface Source {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /** Its subjects may have keys: a long scan of it is kept while it goes on. */
  readonly resumable?: true;
  /** Its subjects run already: what else their images would bring is not asked. */
  readonly running?: true;
  /** Its readings are files or batches, which the crew judges: a detector in this thread may not be needed at all. */
  readonly byCrew?: true;
  /**
   * Reads every subject that `what` names (a name, a glob, a file; empty means all).
   * Throws `usage` when `what` makes no sense, `unreachable` or `denied` when nothing can be read at all;
   * a single subject that cannot be read is an `error` reading, and the rest goes on.
   */
  read(what: string, signal: AbortSignal, options?: SourceReadOptions): AsyncIterable<SourceReading>;
  /** Present when there are layers to read: only then may `options.layers` be true. */
  readonly layers?: true;
}

export type SubjectReading = Extract<SourceReading, { readonly kind: "subject" }>;
