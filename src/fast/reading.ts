import type { Spotted, Unread } from "../contract/detector.ts";
import type { FileReading, Source, SourceReading, SourceReadOptions, SubjectReading } from "../contract/source.ts";
import type { Fingerprint } from "../model/fingerprint.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { Place } from "../model/place.ts";

/** The readings of the contract, and cheaper forms of the same for large data. */
export type FastReading =
  | Exclude<SourceReading, SubjectReading>
  | KeyedReading
  | FinishedReading
  | BatchReading
  | TextReading
  | FoundReading
  | BytesReading;

/** A subject with the cache key of its current state, if it has one: an interrupted scan can resume. */
export type KeyedReading = SubjectReading & { readonly key?: string };

/** A subject already scanned before an interruption, by its key; not read again. */
export type FinishedReading = {
  readonly kind: "finished";
  readonly key: string;
  /** Its source and exposure here, which may differ from where it was scanned. */
  readonly as: { readonly source: string; readonly exposure: readonly string[] };
};

/** Unparsed bytes of many subjects, which any thread may parse. */
export type BatchReading = {
  readonly kind: "batch";
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly first: boolean;
  /** False if this process has to parse it because later batches depend on it. */
  readonly separable: boolean;
  /** The batch's readings; null if the bytes are not complete documents. */
  readonly read: () => Iterable<SourceReading> | null;
  /** The readings of this and all later batches in order, for bytes that cannot be parsed separately. */
  readonly slowly: () => Iterable<SourceReading>;
};

/**
 * Pieces of files in memory. The secrets found are passed back to the source, which may need to read on before it can
 * locate them.
 */
export type TextReading = {
  readonly kind: "text";
  readonly block: TextBlock;
  /** Called immediately; the promise settles when the block has been classified. */
  readonly judged: (spotted: Promise<SpottedTexts>) => void;
};

/** Secrets found in a subject's files, each with its place. */
export type FoundReading = {
  readonly kind: "found";
  readonly source: string;
  readonly subject: Subject;
  readonly facts: SubjectFacts;
  readonly exposure: readonly string[];
  readonly found: readonly { readonly spotted: ShelvedSecret; readonly place: Place }[];
};

/** Progress in bytes; `total` is null if unknown. */
export type BytesReading = { readonly kind: "bytes"; readonly done: number; readonly total: number | null };

/** A reading that secrets are found in. */
export type ReadingOfSecret = SubjectReading | FileReading | FoundReading;

/** A file, or a piece of a large one, as a range of a byte array. */
export type TextPiece = {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** The number of lines of the file before this piece; -1 if unknown. */
  readonly line: number;
  readonly as: "text" | "binary";
};

/** Files in memory. The bytes may be transferred to another thread: the sender must not use them afterwards. */
export type TextBlock = { readonly bytes: Uint8Array<ArrayBuffer>; readonly pieces: readonly TextPiece[] };

/** A secret and the index of the piece it was found in. */
export type SpottedText = Spotted & { readonly piece: number };

/** What was found in a block, and what of its pieces was not read. */
export type SpottedTexts = {
  readonly spotted: readonly SpottedText[];
  readonly unread: readonly (Unread & { readonly piece: number })[];
};

/** Stands for a value that this process does not hold: its fingerprint and length in bytes. */
export type Print = { readonly fingerprint: Fingerprint; readonly length: number };

/** A secret found in a text; with a `print` if another process found it: `value` and `part` are then empty. */
export type ShelvedSecret = Spotted & { readonly print?: Print };

/**
 * - `layers`: also read the files of images, layer by layer.
 * - `finished`: whether the subject with this key was already scanned; not read again.
 * - `ask`: called and awaited with many keys before `finished` is.
 */
export type FastReadOptions = SourceReadOptions & {
  readonly layers?: boolean;
  readonly finished?: (key: string) => boolean;
  readonly ask?: (keys: readonly string[]) => Promise<void>;
};

/** A source of large data. Every `Source` is one, that yields nothing but the contract's readings. */
export interface FastSource extends Omit<Source, "read"> {
  /** Its subjects may have cache keys, so that an interrupted scan can resume. */
  readonly resumable?: true;
  /** Present if the source has layers; `options.layers` may be true only then. */
  readonly layers?: true;
  /** Yields only files or batches, which threads classify; this thread may not need a detector. */
  readonly threaded?: true;
  /** As `Source.read`. */
  read(what: string, signal: AbortSignal, options?: FastReadOptions): AsyncIterable<FastReading>;
}
