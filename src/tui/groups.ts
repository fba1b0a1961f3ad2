import type { Hit } from "../core/scan.ts";
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
  /** The images that its containers were made from, as far as they are known. */
  readonly images: readonly string[];
};

/** Hits by secret, the worst first; the order does not change as places are added to a group. */
export function groupHits(hits: readonly Hit[]): Group[] {
  const byPrint = new Map<string, Hit[]>();
  for (const hit of hits) {
    const { fingerprint } = hit.finding;
    const same = byPrint.get(fingerprint);
    if (same) same.push(hit);
    else byPrint.set(fingerprint, [hit]);
  }
  return [...byPrint.values()].map(group).sort(compare);
}

/** What needs attention most decides: a secret that is kept in one place and new in another is new. */
const STATES: readonly FindingState[] = ["regressed", "new", "known", "ignored", "migrated"];

function group(hits: readonly Hit[]): Group {
  const sorted = hits.map(({ finding }) => finding);
  if (sorted.length > 1) sorted.sort((a, b) => rank(b.severity) - rank(a.severity) || b.score - a.score);
  const images = new Set<string>();
  for (const { image } of hits) if (image) images.add(image);
  const lead = sorted[0] as Finding;
  const state = STATES.find((one) => sorted.some((finding) => finding.state === one)) ?? "new";
  return {
    fingerprint: lead.fingerprint,
    name: lead.name,
    severity: lead.severity,
    state,
    lead,
    findings: sorted,
    images: [...images],
  };
}

function compare(a: Group, b: Group): number {
  return rank(b.severity) - rank(a.severity) || byText(a.name, b.name) || byText(a.fingerprint, b.fingerprint);
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
