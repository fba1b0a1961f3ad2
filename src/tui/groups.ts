import { SEVERITIES, type Finding, type FindingState, type Severity } from "../model/finding.ts";

/** One secret and every place it was found in: the findings with one fingerprint. */
export type Group = {
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: Severity;
  readonly state: FindingState;
  /** The finding that says most. */
  readonly lead: Finding;
  readonly findings: readonly Finding[];
};

/** Findings by secret, the worst first; the order does not change as places are added to a group. */
export function groupFindings(findings: readonly Finding[]): Group[] {
  const byPrint = new Map<string, Finding[]>();
  for (const finding of findings) {
    const same = byPrint.get(finding.fingerprint);
    if (same) same.push(finding);
    else byPrint.set(finding.fingerprint, [finding]);
  }
  return [...byPrint.values()].map(group).sort(compare);
}

/** Groups whose name, rule, severity or containers contain the text; `!` before it inverts. */
export function filterGroups(groups: readonly Group[], filter: string): readonly Group[] {
  const inverted = filter.startsWith("!");
  const wanted = (inverted ? filter.slice(1) : filter).toLowerCase();
  if (wanted === "") return groups;
  return groups.filter(
    ({ findings, severity }) =>
      inverted !==
      (severity.includes(wanted) ||
        findings.some(({ name, rule, location }) =>
          [name, rule, location.subjectName].some((text) => text.toLowerCase().includes(wanted)),
        )),
  );
}

/** What needs attention most decides: a secret that is kept in one place and new in another is new. */
const STATES: readonly FindingState[] = ["regressed", "new", "known", "ignored", "migrated"];

function group(findings: readonly Finding[]): Group {
  const sorted = findings.toSorted((a, b) => rank(b.severity) - rank(a.severity) || b.score - a.score);
  const lead = sorted[0] as Finding;
  const state = STATES.find((one) => findings.some((finding) => finding.state === one)) ?? "new";
  return { fingerprint: lead.fingerprint, name: lead.name, severity: lead.severity, state, lead, findings: sorted };
}

function compare(a: Group, b: Group): number {
  return rank(b.severity) - rank(a.severity) || byText(a.name, b.name) || byText(a.fingerprint, b.fingerprint);
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
