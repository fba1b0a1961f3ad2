import type { Verdict } from "../model/finding.ts";
import type { Where } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";

/** A value to classify, with its name and kind of place. */
export type ClassifyInput = {
  readonly name: string;
  readonly where: Where;
  readonly value: Secret;
  /** The words of an entrypoint, as JSON, whose arguments the value is. */
  readonly lead?: string;
  /** The path inside the subject, or the file's path; custom rules may match it. */
  readonly path?: string;
};

/**
 * How to read the bytes. `file`: as text, or not at all if a NUL near the start marks them as binary. `text` and
 * `binary`: as stated.
 */
export type TextForm = "file" | "text" | "binary";

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
};

/** What of a value or a text was not read because it is too large, and what to do about it; in plain English. */
export type Unread = { readonly message: string; readonly hint: string };

/** What is found in a text, and which parts of it were not read. */
export type TextFindings = { readonly spotted: readonly Spotted[]; readonly unread: readonly Unread[] };

/** Another secret in a value that holds several. */
export type FurtherSecret = { readonly verdict: Verdict; readonly masked: string; readonly part: Secret };

/** Classifies values. Synchronous, no I/O, bounded time for any input; `why` quotes no part of the value. */
export interface Detector {
  classify(question: ClassifyInput): Verdict;
  /**
   * The value as it may be shown: at most the public prefix of its kind, or the program and flag before it, and dots for
   * the rest; the length is hidden.
   */
  mask(question: ClassifyInput): string;
  /** The name as it may be shown: `…` if it contains a secret, or may. */
  name(name: string): string;
  /** The decoded secret part, equal for equal secrets in different forms. Null if the value is not a secret. */
  part(question: ClassifyInput): Secret | null;
  /** The other secrets in a value that is one, the strongest first; the one that `part` gives is not among them. */
  more(question: ClassifyInput): readonly FurtherSecret[];
  /** What of the value that was classified last was not read; empty for nearly all, and for any other value. */
  unread(question: ClassifyInput): readonly Unread[];
  /**
   * Every secret in a text, including those suppressed by a setting; in binary data only known token formats. `path`
   * determines the file format. `below` is the path from the folder that is scanned, all of it unless given: what the
   * folders above are called says nothing of the file.
   */
  text(bytes: Uint8Array, path: string, as?: TextForm, below?: string): TextFindings;
}
