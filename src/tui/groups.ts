import { byNaturalOrder } from "../kit/text/natural.ts";
import { SEVERITIES, type Finding, type FindingState, type Severity } from "../model/finding.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** One secret and every place it was found in: the findings with one fingerprint. */
export type SecretGroup = {
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: Severity;
  readonly state: FindingState;
  /** The finding with the most information. */
  readonly lead: Finding;
  readonly findings: readonly Finding[];
  /** The same findings, each with its source. */
  readonly hits: readonly ScanHit[];
  /** When the first of them was first seen, ISO 8601; null where no earlier scan knows any. */
  readonly firstSeen: string | null;
  /** The images that its containers were made from, where known. */
  readonly images: readonly string[];
};

/** Hits grouped by secret, the worst first; the order does not change as places are added to a group. */
export function groupHits(hits: readonly ScanHit[]): SecretGroup[] {
  const byPrint = new Map<string, ScanHit[]>();
  for (const hit of hits) {
    const { fingerprint } = hit.finding;
    const same = byPrint.get(fingerprint);
    if (same) same.push(hit);
    else byPrint.set(fingerprint, [hit]);
  }
  return [...byPrint.values()].map(groupOf).sort(byNeed);
}

/** The state that needs most attention counts: a secret that is kept in one place and new in another is new. */
export const STATES_BY_NEED: readonly FindingState[] = ["regressed", "new", "known", "ignored", "migrated"];

/** The group of hits with one fingerprint; at least one. */
export function groupOf(hits: readonly ScanHit[]): SecretGroup {
  const sorted = hits.length === 1 ? hits : hits.toSorted(byWeight);
  const findings = sorted.map(({ finding }) => finding);
  const images = new Set<string>();
  let firstSeen: string | null = null;
  for (const { image, firstSeen: seen } of hits) {
    if (image) images.add(image);
    if (seen !== undefined && (firstSeen === null || seen < firstSeen)) firstSeen = seen;
  }
  const lead = findings[0] as Finding;
  const state =
    hits.length === 1 ? lead.state : STATES_BY_NEED.find((one) => findings.some((finding) => finding.state === one));
  return {
    fingerprint: lead.fingerprint,
    name: lead.name,
    severity: lead.severity,
    state: state ?? "new",
    lead,
    findings,
    hits: sorted,
    firstSeen,
    images: [...images],
  };
}

/** The order of groups: what needs attention most comes first; secrets of one name by where they are. */
export function byNeed(a: SecretGroup, b: SecretGroup): number {
  return (
    rank(b.severity) - rank(a.severity) ||
    byNaturalOrder(a.name, b.name) ||
    byNaturalOrder(a.lead.location.subjectName, b.lead.location.subjectName) ||
    byText(a.fingerprint, b.fingerprint)
  );
}

function byWeight({ finding: a }: ScanHit, { finding: b }: ScanHit): number {
  return (
    rank(b.severity) - rank(a.severity) ||
    b.score - a.score ||
    byNaturalOrder(a.location.subjectName, b.location.subjectName)
  );
}

const RANKS = Object.fromEntries(SEVERITIES.map((severity, rank) => [severity, rank])) as { [of in Severity]: number };
const rank = (severity: Severity): number => RANKS[severity];
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
