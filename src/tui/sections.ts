import type { Hit } from "../core/scan.ts";
import { SEVERITIES, type Finding } from "../model/finding.ts";
import { groupHits, type Group } from "./groups.ts";
import type { History } from "./history.ts";

/** What the list is arranged by, in the order of `b`. */
export const GROUPINGS = ["secret", "container", "image", "store", "severity"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A heading and the secrets under it, each with those of its places that belong there. */
export type Section = { readonly title: string; readonly groups: readonly Group[] };

/** The findings under headings, what is worst first; "secret" has one section without a title. */
export function sectionsOf(
  hits: readonly Hit[],
  groups: readonly Group[],
  grouping: Grouping,
  history: History,
): readonly Section[] {
  if (grouping === "secret") return [{ title: "", groups }];
  if (grouping === "severity") return bySeverity(groups);
  const titled = new Map<string, Hit[]>();
  for (const hit of hits) {
    const title = TITLES[grouping](hit.finding, hit.image ?? null, history);
    const same = titled.get(title);
    if (same) same.push(hit);
    else titled.set(title, [hit]);
  }
  return [...titled]
    .map(([title, under]) => ({ title, groups: groupHits(under) }))
    .sort((a, b) => worst(b) - worst(a) || (a.title < b.title ? -1 : 1));
}

const TITLES: {
  readonly [grouping in "container" | "image" | "store"]: (
    finding: Finding,
    image: string | null,
    history: History,
  ) => string;
} = {
  container: ({ location }) => `${location.subject} ${location.subjectName}`,
  image: ({ location }, image) =>
    location.subject === "image" ? location.subjectName : (image ?? `no image: ${location.subject}`),
  store: (finding, _image, history) =>
    finding.location.subject === "store" ? finding.location.subjectName : (history.storeOf(finding) ?? "in no store"),
};

function bySeverity(groups: readonly Group[]): Section[] {
  return SEVERITIES.toReversed().flatMap((severity) => {
    const those = groups.filter((group) => group.severity === severity);
    return those.length === 0 ? [] : [{ title: severity, groups: those }];
  });
}

/** Groups come the worst first. */
const worst = ({ groups }: Section): number => SEVERITIES.indexOf(groups[0]?.severity ?? "low");
