import type { Finding } from "../model/finding.ts";
import { placeWords } from "../model/place-words.ts";
import { last } from "./last.ts";
import type { SecretGroup } from "./groups.ts";

/** What the list is grouped by, in the order of `b`. */
export const GROUPINGS = ["container", "secret", "image", "store", "severity"] as const;

export type Grouping = (typeof GROUPINGS)[number];

/** Where a secret is, for its row: the first container or file, and how many more there are. */
export type RowPlace = { readonly text: string; readonly more: number };

/** Under the heading of a container, where in it the secret is, and in how many other places it is. */
export function placeOf(group: SecretGroup, grouping: Grouping, all: readonly SecretGroup[]): RowPlace {
  if (grouping !== "container") return subjectsOf(group);
  const [first] = group.findings;
  return {
    text: first === undefined ? "" : placeWords(first.location),
    more: (countsOf(all).get(group.fingerprint) ?? 1) - 1,
  };
}

const known = new WeakMap<SecretGroup, RowPlace>();

/** Its subjects; made once for each group. */
export function subjectsOf(group: SecretGroup): RowPlace {
  const made = known.get(group);
  if (made !== undefined) return made;
  const [first] = group.findings;
  const subjects = group.findings.length === 1 ? 1 : new Set(group.findings.map(subjectKey)).size;
  const place = { text: first === undefined ? "" : subjectText(first), more: subjects - 1 };
  known.set(group, place);
  return place;
}

const subjectKey = ({ location: { host = "", subject, subjectName } }: Finding): string =>
  `${host}\0${subject}\0${subjectName}`;

/** What holds a finding, by name; on which host, if several are scanned. */
export function subjectText({ location: { host, subjectName } }: Pick<Finding, "location">): string {
  return host === undefined ? subjectName : `${subjectName} on ${host}`;
}

/** In how many places each secret is, by fingerprint. */
const countsOf = last(
  (groups: readonly SecretGroup[]): ReadonlyMap<string, number> =>
    new Map(groups.map((group) => [group.fingerprint, group.findings.length])),
);
