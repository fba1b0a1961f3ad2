import type { Finding } from "../model/finding.ts";
import type { SecretGroup } from "./groups.ts";
import { last } from "./last.ts";
import { STATE } from "./theme.ts";

/**
 * Groups that contain every word of the text, in whatever a person knows of them; `!` before a word wants those without
 * it. Words are looked for in the names, rule, severity, state and subjects of a group, whatever their case.
 */
export function filterGroups(groups: readonly SecretGroup[], filter: string): readonly SecretGroup[] {
  const words = wordsOf(filter);
  if (words.length === 0) return groups;
  return groups.filter((group) => {
    const known = groupText(group);
    return words.every(({ without, text }) => without !== known.includes(text));
  });
}

/** Asked for each heading's groups by turns. */
const wordsOf = last((filter: string) =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .map((word) => ({ without: word.startsWith("!"), text: word.replace(/^!/, "") }))
    .filter(({ text }) => text !== ""),
);

const texts = new WeakMap<SecretGroup, string>();

/** All that is looked through, made once a group: a key press must not spell 20,000 findings anew. */
export function groupText(group: SecretGroup): string {
  const made = texts.get(group);
  if (made !== undefined) return made;
  const words = [group.severity, ...group.images];
  for (const { name, rule, state, location } of group.findings)
    words.push(name, rule, location.subjectName, state, STATE[state].word);
  // No word that is typed has a line end in it, so none matches across two.
  const text = (group.findings.length === 1 ? words : [...new Set(words)]).join("\n").toLowerCase();
  texts.set(group, text);
  return text;
}

/** What the list can be narrowed by, beside words. */
const FACETS = {
  severity: ({ severity }) => severity,
  state: ({ state }) => STATE[state].word,
  confidence: ({ confidence }) => confidence,
  place: ({ location }) => location.where,
  kind: ({ location }) => location.subject,
  origin: ({ location }) => (location.origin === "image" ? "from the image" : "own"),
  rule: ({ rule }) => rule,
  subject: ({ location }) => location.subjectName,
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

/** Groups that have, in one finding, one of the chosen values of each facet that has any. */
export function withFacets(groups: readonly SecretGroup[], chosen: ReadonlySet<string>): readonly SecretGroup[] {
  if (chosen.size === 0) return groups;
  const asked = FACET_NAMES.filter((facet) => [...chosen].some((key) => key.startsWith(`${facet}:`)));
  if (asked.length === 0) return groups;
  return groups.filter(({ findings }) =>
    findings.some((finding) => asked.every((facet) => chosen.has(keyOf(facet, FACETS[facet](finding))))),
  );
}

/** Every value of every facet in these groups, the most frequent first; chosen ones stay when nothing has them. */
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
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
  );
}

const keyOf = (facet: FilterFacet, value: string): string => `${facet}:${value}`;
