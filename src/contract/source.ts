import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { SubjectRef } from "../model/subject-ref.ts";

/** One item read from a source. A source that reads large data has more kinds at its disposal: see src/fast. */
export type SourceReading =
  /** How many subjects will follow. */
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
    }
  | {
      /** A file whose text may contain secrets. The source names it; it is read where it is classified. */
      readonly kind: "file";
      readonly source: string;
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      /** Absolute path. */
      readonly file: string;
      /** Variables that the file is known to declare: each is classified as such, and not again as text. */
      readonly declared?: readonly DeclaredCandidate[];
      readonly exposure: readonly string[];
    }
  | {
      readonly kind: "error";
      /** The name to show; null for a subject without one, which is then called by its number. */
      readonly subject: string | null;
      readonly about: SubjectRef;
      readonly message: string;
      readonly hint: string;
    };

/** A variable that a file declares, with the last line of its value. */
export type DeclaredCandidate = { readonly candidate: Candidate; readonly lastLine: number };

export type SubjectReading = Extract<SourceReading, { readonly kind: "subject" }>;
export type FileReading = Extract<SourceReading, { readonly kind: "file" }>;

/**
 * - `only`: read only the subjects with these ids. May be ignored by sources that are never asked for it.
 * - `mayBeEmpty`: a name without a match is not an error.
 */
export type SourceReadOptions = {
  readonly only?: ReadonlySet<string>;
  readonly mayBeEmpty?: boolean;
};

/** A read-only origin of candidates, such as an engine or a saved inspect document. */
export interface Source {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /** Its subjects are already running: values that their images would add are not looked up. */
  readonly running?: true;
  /**
   * Reads every subject that matches `what` (a name, a glob, a file; empty means all). Throws `usage` if `what` is
   * invalid, `unreachable` or `denied` if nothing can be read. A single subject that cannot be read yields an `error`,
   * and reading continues.
   */
  read(what: string, signal: AbortSignal, options?: SourceReadOptions): AsyncIterable<SourceReading>;
}
