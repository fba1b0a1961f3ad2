import { CONFIDENCES, SEVERITIES, type Finding } from "../model/finding.ts";
import type { SecretGroup } from "./groups.ts";

/**
 * Groups that contain every word of the text, in any of their names, rule, severity, state and subjects, ignoring case;
 * `!` before a word excludes groups with it.
 */
export function filterGroups(groups: readonly SecretGroup[], filter: string): readonly SecretGroup[] {
  const words = wordsOf(filter);
  return words.length === 0 ? groups : groups.filter((group) => hasWords(group, words));
}

/** Whether a group is left by the filter and by the facets, of each with selected values by one of them. */
export function isLeft(filter: string, chosen: ReadonlySet<string>): (group: SecretGroup) => boolean {
  const words = wordsOf(filter);
  const facets = FACET_NAMES.filter((facet) => [...chosen].some((key) => key.startsWith(`${facet}:`)));
  const [only] = words;
  // The first letter of a filter is looked for in every secret.
  if (facets.length === 0 && words.length === 1 && only !== undefined)
    return (group) => only.without !== groupText(group).includes(only.text);
  return (group) => hasWords(group, words) && hasFacets(group, facets, chosen);
}

/** Whether what a filter leaves is among what the other one left: a word has grown or been added. */
export function narrows(before: string, after: string): boolean {
  if (!after.startsWith(before)) return false;
  const last = before.split(/\s/).at(-1) ?? "";
  // A longer word excludes less.
  return after === before || !/^!./.test(last) || /^\s/.test(after.slice(before.length));
}

type FilterWord = { readonly without: boolean; readonly text: string };

function hasWords(group: SecretGroup, words: readonly FilterWord[]): boolean {
  const known = groupText(group);
  return words.every(({ without, text }) => without !== known.includes(text));
}

const wordsOf = (filter: string): readonly FilterWord[] =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .map((word) => ({ without: word.startsWith("!"), text: word.replace(/^!/, "") }))
    .filter(({ text }) => text !== "");

const texts = new WeakMap<SecretGroup, string>();

/** The searched text, made once per group: a key press must not build the text of 20,000 findings again. */
export function groupText(group: SecretGroup): string {
  const made = texts.get(group);
  if (made !== undefined) return made;
  const words = [group.severity, ...group.images];
  for (const { name, rule, state, location } of group.findings) words.push(name, rule, location.subjectName, state);
  // No typed word contains a line end, so none matches across two entries.
  const text = (group.findings.length === 1 ? words : [...new Set(words)]).join("\n").toLowerCase();
  texts.set(group, text);
  return text;
}

/** What the list can be narrowed by, besides words. */
const FACETS = {
  severity: ({ severity }) => severity,
  state: ({ state }) => state,
  confidence: ({ confidence }) => confidence,
  place: ({ location }) => location.where,
  kind: ({ location }) => location.subject,
  set: ({ location }) => (location.origin === "image" ? "by the image" : "by itself"),
  rule: ({ rule }) => rule,
  in: ({ location }) => location.subjectName,
} as const satisfies { readonly [facet: string]: (finding: Finding) => string };

export type FilterFacet = keyof typeof FACETS;

const FACET_NAMES = Object.keys(FACETS) as FilterFacet[];

/** A value of a facet and how many groups have it. `key` is what `State.facets` holds. */
export type FacetValue = {
  readonly facet: FilterFacet;
  readonly value: string;
  readonly key: string;
  readonly count: number;
};

/** One of its findings has a selected value of each of these facets. */
function hasFacets({ findings }: SecretGroup, facets: readonly FilterFacet[], chosen: ReadonlySet<string>): boolean {
  return (
    facets.length === 0 ||
    findings.some((finding) => facets.every((facet) => chosen.has(keyOf(facet, FACETS[facet](finding)))))
  );
}

/** Facets whose values have an order, the highest first. */
const RANKED: { readonly [facet in FilterFacet]?: readonly string[] } = {
  severity: SEVERITIES.toReversed(),
  confidence: CONFIDENCES.toReversed(),
};

/**
 * Every value of every facet in these groups, the highest or else the most frequent first; selected values stay even if no group has them.
 */
export function facetValues(groups: readonly SecretGroup[], chosen: ReadonlySet<string>): FacetValue[] {
  const counts = new Map<FilterFacet, Map<string, number>>(FACET_NAMES.map((facet) => [facet, new Map()]));
  for (const { findings } of groups) {
    for (const facet of FACET_NAMES) {
      const [first, ...more] = findings;
      if (first === undefined) continue;
      const values = more.length === 0 ? [FACETS[facet](first)] : new Set(findings.map(FACETS[facet]));
      const of = counts.get(facet);
      for (const value of values) of?.set(value, (of.get(value) ?? 0) + 1);
    }
  }
  for (const key of chosen) {
    const at = key.indexOf(":");
    const of = counts.get(key.slice(0, at) as FilterFacet);
    const value = key.slice(at + 1);
    if (of && !of.has(value)) of.set(value, 0);
  }
  return FACET_NAMES.flatMap((facet) =>
    [...(counts.get(facet) ?? [])]
      .map(([value, count]) => ({ facet, value, key: keyOf(facet, value), count }))
      .sort((a, b) => ranked(a, b) || b.count - a.count || (a.value < b.value ? -1 : 1)),
  );
}

const ranked = (a: FacetValue, b: FacetValue): number =>
  (RANKED[a.facet]?.indexOf(a.value) ?? 0) - (RANKED[b.facet]?.indexOf(b.value) ?? 0);

const keyOf = (facet: FilterFacet, value: string): string => `${facet}:${value}`;
