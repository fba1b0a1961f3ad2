import { byNaturalOrder } from "../kit/text/natural.ts";
import { SEVERITIES, type Finding } from "../model/finding.ts";
import { byNeed, groupOf, type SecretGroup } from "./groups.ts";
import type { RunHistory } from "./history.ts";
import { subjectText, type Grouping } from "./where.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** A heading and the secrets under it, each with those of its places that belong there. */
export type Section = { readonly title: string; readonly groups: readonly SecretGroup[] };

/** The findings under headings, the worst first; "secret" has one section without a title. */
export function sectionsOf(
  groups: readonly SecretGroup[],
  grouping: Grouping,
  history: RunHistory,
): readonly Section[] {
  if (grouping === "secret") return [{ title: "", groups }];
  if (grouping === "severity") return bySeverity(groups);
  const titleOf = ({ finding, image }: ScanHit): string => TITLES[grouping](finding, image ?? null, history);
  const titled = new Map<string, SecretGroup[]>();
  // Groups come in their order, and so do most of their parts.
  const unordered = new Set<string>();
  const add = (title: string, part: SecretGroup): void => {
    const under = titled.get(title);
    if (under) under.push(part);
    else titled.set(title, [part]);
  };
  for (const group of groups) {
    const hits = byTitle(group, titleOf);
    if (typeof hits === "string") add(hits, group);
    else
      for (const [title, those] of hits) {
        const part = groupOf(those);
        PARTS.add(part);
        add(title, part);
        if (byNeed(part, group) !== 0) unordered.add(title);
      }
  }
  for (const title of unordered) titled.get(title)?.sort(byNeed);
  return Array.from(titled, ([title, groups]) => ({ title, groups })).sort(
    (a, b) => worst(b) - worst(a) || byNaturalOrder(a.title, b.title),
  );
}

const PARTS = new WeakSet<SecretGroup>();

/** Whether this is a secret with some of its places only: the others are under other headings. */
export const isPart = (group: SecretGroup): boolean => PARTS.has(group);

/** The one title under which a secret has all its places, as most have, or its places by title. */
function byTitle(
  group: SecretGroup,
  titleOf: (hit: ScanHit) => string,
): string | ReadonlyMap<string, readonly ScanHit[]> {
  const { hits } = group;
  if (hits.length === 1) return titleOf(hits[0] as ScanHit);
  const titled = new Map<string, ScanHit[]>();
  for (const hit of hits) {
    const title = titleOf(hit);
    const same = titled.get(title);
    if (same) same.push(hit);
    else titled.set(title, [hit]);
  }
  const [only] = titled.keys();
  return titled.size === 1 && only !== undefined ? only : titled;
}

const TITLES: {
  readonly [grouping in "container" | "image" | "store"]: (
    finding: Finding,
    image: string | null,
    history: RunHistory,
  ) => string;
} = {
  container: (finding) => `${finding.location.subject} ${subjectText(finding)}`,
  image: ({ location }, image) =>
    location.subject === "image" ? location.subjectName : (image ?? `no image: ${location.subject}`),
  store: (finding, _image, history) =>
    finding.location.subject === "store" ? finding.location.subjectName : (history.storeOf(finding) ?? "in no store"),
};

function bySeverity(groups: readonly SecretGroup[]): Section[] {
  return SEVERITIES.toReversed().flatMap((severity) => {
    const those = groups.filter((group) => group.severity === severity);
    return those.length === 0 ? [] : [{ title: severity, groups: those }];
  });
}

/** Groups come the worst first. */
const worst = ({ groups }: Section): number => SEVERITIES.indexOf(groups[0]?.severity ?? "low");
