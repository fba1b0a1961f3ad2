import { inOrder, LEVELS, STATES, type TextColumn } from "./data.ts";
import type { Findings } from "./findings.ts";

export const FACETS = ["severity", "confidence", "state"] as const;
export type PageFacet = (typeof FACETS)[number];

/** What the list shows; an empty member excludes nothing. */
export type PageQuery = {
  words: readonly string[];
  readonly chosen: { readonly [facet in PageFacet]: Set<string> };
  rule: string;
  source: string;
  host: string;
  /** The number of a secret. */
  secret: number | null;
};

export function everything(): PageQuery {
  return {
    words: [],
    chosen: { severity: new Set(), confidence: new Set(), state: new Set() },
    rule: "",
    source: "",
    host: "",
    secret: null,
  };
}

/** The rows of `order` that match, in that order. Every word must be found. */
export function matching(findings: Findings, query: PageQuery, order: readonly number[]): readonly number[] {
  const { words, secret, source, host } = query;
  const index = words.length > 0 ? findings.index : [];
  const columns = FACETS.filter((facet) => query.chosen[facet].size > 0).map((facet) => ({
    column: facet as TextColumn,
    passes: findings.strings.map((text) => query.chosen[facet].has(text)),
  }));
  if (query.rule !== "") columns.push({ column: "rule", passes: findings.strings.map((text) => text === query.rule) });
  const subjects = findings.subjects.map(
    (one) => (source === "" || one.source === source) && (host === "" || one.host === host),
  );
  return order.filter(
    (row) =>
      (secret === null || findings.secret(row) === secret) &&
      subjects[findings.subjectNumber(row)] === true &&
      columns.every(({ column, passes }) => passes[findings.number(column, row)] === true) &&
      words.every((word) => index[row]?.includes(word) === true),
  );
}

export const SORTS = ["severity", "name", "place", "confidence", "state"] as const;
export type Sort = (typeof SORTS)[number];

/** All rows in this order; equal ones as in the report. Worst, first and surest come first. */
export function ordered(findings: Findings, sort: Sort, down: boolean): readonly number[] {
  const rank = ranks(findings, sort);
  const rows = Array.from({ length: findings.count }, (_, row) => row);
  const ranked = rows.map(rank);
  const sign = down ? -1 : 1;
  return rows.sort((a, b) => sign * ((ranked[a] ?? 0) - (ranked[b] ?? 0)) || a - b);
}

function ranks(findings: Findings, sort: Sort): (row: number) => number {
  if (sort === "confidence") return (row) => -findings.score(row);
  if (sort === "place") {
    const paths = placesOf(findings, "path", alphabetic);
    const subjects = places(
      findings.subjects.map(({ name }, at) => [at, name]),
      alphabetic,
    );
    return (row) =>
      (subjects.get(findings.subjectNumber(row)) ?? 0) * findings.strings.length +
      (paths.get(findings.number("path", row)) ?? 0);
  }
  const order = sort === "severity" ? inOrder(LEVELS) : sort === "state" ? inOrder(STATES) : alphabetic;
  const texts = placesOf(findings, sort, order);
  return (row) => texts.get(findings.number(sort, row)) ?? 0;
}

const collator = new Intl.Collator("en", { numeric: true });
const alphabetic = (a: string, b: string): number => collator.compare(a, b);

type Order = (a: string, b: string) => number;

/** For each text of a column, by its number, its rank. */
function placesOf(findings: Findings, column: TextColumn, order: Order): ReadonlyMap<number, number> {
  const used = new Set<number>();
  for (let row = 0; row < findings.count; row++) used.add(findings.number(column, row));
  return places(
    [...used].map((one) => [one, findings.strings[one] ?? ""]),
    order,
  );
}

/** Equal texts have the same rank. */
function places(texts: readonly (readonly [number, string])[], order: Order): ReadonlyMap<number, number> {
  const sorted = [...new Set(texts.map(([, text]) => text))].sort(order);
  const place = new Map(sorted.map((text, at) => [text, at]));
  return new Map(texts.map(([at, text]) => [at, place.get(text) ?? 0]));
}
