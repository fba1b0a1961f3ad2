/**
 * What the report passes to its page: the findings as columns over one table of strings, since most of them repeat.
 * Every string has been made printable already. The page and its writer share only this file.
 */
export type PageData = {
  readonly strings: readonly string[];
  /** The number of strings: a text that was removed from the page on its way must not shift the others. */
  readonly stringCount: number;
  /** Lists of strings: reasons, exposures. */
  readonly lists: readonly (readonly number[])[];
  /**
   * What was read; each field an index into `strings`. The name includes the host; without a host it is the empty text.
   */
  readonly subjects: readonly (readonly [source: number, kind: number, name: number, id: number, host: number])[];
  /** How to rotate each kind of secret, an index into `strings` each; the documentation page may be the empty text. */
  readonly rotation: readonly (readonly [kind: number, text: number, page: number])[];
  /** The secrets that findings share, each by the start of its fingerprint. */
  readonly secrets: readonly string[];
  readonly findings: number;
  /** For each finding an index into `strings`; a single number if it is the same for all. */
  readonly texts: { readonly [column in TextColumn]: readonly number[] };
  /** Indexes into `lists`. */
  readonly why: readonly number[];
  readonly exposure: readonly number[];
  /** Index into `subjects`. */
  readonly subject: readonly number[];
  /** Index into `secrets`. */
  readonly secret: readonly number[];
  readonly score: readonly number[];
  readonly length: readonly number[];
};

/** The most frequent first: their texts get short numbers. */
export const TEXT_COLUMNS = [
  "severity",
  "confidence",
  "state",
  "rule",
  "name",
  "masked",
  "where",
  "path",
  "origin",
  "part",
  "unless",
  "ignored",
  "liveness",
  "since",
  "moved",
  "kind",
  "id",
] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];

/** Worst first: the order of every list of levels in the report. */
export const LEVELS = ["critical", "high", "medium", "low"] as const;
/** What wants attention first. */
export const STATES = ["regressed", "new", "known", "migrated", "ignored"] as const;
export const GLYPHS: { readonly [level: string]: string } = { critical: "■", high: "▲", medium: "●", low: "·" };

/** Known words in their order, then all others. */
export function inOrder(order: readonly string[]): (a: string, b: string) => number {
  const at = (word: string): number => (order.includes(word) ? order.indexOf(word) : order.length);
  return (a, b) => at(a) - at(b) || (a < b ? -1 : a > b ? 1 : 0);
}
