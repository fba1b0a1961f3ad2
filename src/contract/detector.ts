import type { Fingerprint } from "../model/fingerprint.ts";
import type { Verdict } from "../model/finding.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts, Where } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";

/** What a detector is asked: a value, its name and its place. */
export type ClassifyInput = {
  readonly name: string;
  readonly where: Where;
  readonly value: Secret;
  /** The place inside the subject, or the file's path; your own rules may ask for it. */
  readonly path?: string;
};

/** `file`: text, unless a NUL near its beginning says that it is binary, of which nothing is read; the others say which it is. */
export type TextForm = "file" | "text" | "binary";

/** Asked before anything is made of a value: of an environment with `NAME=value` as it stands there, else with both. */
export type IsCachedValue = (where: Where, entry: string, value?: string) => boolean;

/** A value that is not here: its fingerprint, and its length in bytes. */
export type Print = { readonly fingerprint: Fingerprint; readonly length: number };

/** A secret that was spotted in a text: a file's line, with the literal that holds it. */
export type Spotted = {
  /** The name that it is assigned to; empty when there is none. */
  readonly name: string;
  /** From 1 on; in binary data it means nothing. */
  readonly line: number;
  readonly value: Secret;
  readonly part: Secret;
  readonly verdict: Verdict;
  readonly masked: string;
  /** Of one that was spotted by somebody else: `value` and `part` are empty then. */
  readonly print?: Print;
};

/** Classifies one value. Synchronous, no I/O, bounded time for any input; `why` quotes no part of the value. */
export interface Detector {
  classify(question: ClassifyInput): Verdict;
  /** Whether the same value was cleared before, so that nothing is to be told of it. False says nothing. */
  known: IsCachedValue;
  /** The value as it may be shown: its kind's public prefix at most, dots for the rest, no hint of the length. */
  mask(question: ClassifyInput): string;
  /** The name as it may be shown: `…` when it holds a secret itself, or may. */
  name(name: string): string;
  /** The secret part alone, decoded: what equal secrets share wherever they stand. Null when the value is no secret. */
  part(question: ClassifyInput): Secret | null;
  /** Every secret in a text, and every one that a setting hid; in binary data known tokens only. `path` tells what kind of text it is. */
  text(bytes: Uint8Array, path: string, as?: TextForm): readonly Spotted[];
}

/** A file, or a piece of a large one, in a run of bytes. */
export type TextPiece = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** How many lines of the file come before it; -1 where nobody can count them. */
  readonly line: number;
  readonly as: "text" | "binary";
};

/** Files in memory. The bytes are handed over to the thread that judges them: whoever sends them has them no more. */
export type TextBlock = { readonly bytes: Uint8Array<ArrayBuffer>; readonly pieces: readonly TextPiece[] };

/** What was spotted in a piece, by its number. */
export type SpottedText = Spotted & { readonly piece: number };

export type DetectedFile = {
  readonly file: string;
  readonly bytes: number;
  readonly spotted: readonly Spotted[];
  readonly error: string | null;
};

/** A secret of a subject as it was judged, or what a setting hid. */
export type DetectedSecret = {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: Secret;
  /** As in `Spotted`. */
  readonly print?: Print;
};

/** What a batch of documents holds. */
export type ReadBatch = {
  readonly subjects: number;
  readonly values: number;
  /** By the document's number in the batch. */
  readonly errors: readonly { readonly at: number; readonly message: string; readonly hint: string }[];
  /** The subjects in which something was found. */
  readonly found: readonly {
    readonly subject: Subject;
    readonly facts: SubjectFacts;
    readonly exposure: readonly string[];
    readonly told: readonly DetectedSecret[];
  }[];
};

/** The bytes of a batch reading, and where they came from. */
export type BatchBytes = { readonly source: string; readonly bytes: Uint8Array; readonly first: boolean };

/** Worker threads that read and judge side by side. Values stay in this process. */
export interface WorkerPool {
  /** How many work at once. */
  readonly size: number;
  /** Reads files by absolute path and spots what is in them; one that cannot be read has an `error` code (`EACCES`). */
  files(files: readonly string[]): Promise<readonly DetectedFile[]>;
  /** Spots what is in pieces of files that are in memory. */
  texts(block: TextBlock): Promise<readonly SpottedText[]>;
  /** Parses and judges a batch; null when its bytes are not those of whole documents. */
  batch(batch: BatchBytes): Promise<ReadBatch | null>;
  /** The same, parsed in this thread while the others are busy: they judge what is not known of it. */
  batchHere(batch: BatchBytes): Promise<ReadBatch | null>;
  close(): Promise<void>;
}
