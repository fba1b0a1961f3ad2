import type { Verdict } from "../model/finding.ts";
import type { Where } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";

/** What a detector is asked: a value, its name and its place. */
export type Question = { readonly name: string; readonly where: Where; readonly value: Secret };

/** Classifies one value. Synchronous, no I/O, bounded time for any input; `why` quotes no part of the value. */
export interface Detector {
  classify(question: Question): Verdict;
  /** The value as it may be shown: its kind's public prefix at most, dots for the rest, no hint of the length. */
  mask(question: Question): string;
}
