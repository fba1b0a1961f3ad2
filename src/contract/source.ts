import type { Candidate } from "../model/candidate.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";

/** One subject read, or why it could not be read. */
export type Reading =
  | { readonly kind: "total"; readonly subjects: number }
  | {
      readonly kind: "subject";
      readonly subject: Subject;
      readonly facts: SubjectFacts;
      readonly candidates: readonly Candidate[];
      /** Who else can see this subject's values, in plain words. */
      readonly exposure: readonly string[];
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
  | { readonly kind: "error"; readonly subject: string; readonly message: string; readonly hint: string };

/** A read-only place that holds candidates, such as an engine or a saved inspect document. */
export interface Source {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /**
   * Reads every subject that `what` names (a name, a glob, a file; empty means all).
   * Throws `usage` when `what` makes no sense, `unreachable` or `denied` when nothing can be read at all;
   * a single subject that cannot be read is an `error` reading, and the rest goes on.
   */
  read(what: string, signal: AbortSignal): AsyncIterable<Reading>;
}
