import { CONFIDENCES, SEVERITIES } from "../model/finding.ts";
import type { Confidence, Finding, Rotation, Severity } from "../model/finding.ts";
import { rotationKey } from "../model/secret-service.ts";
import type { SubjectError } from "./read-source.ts";

/** The document that `scan --json` prints. */
export type ScanReport = {
  readonly version: 1;
  readonly scannedAt: string;
  readonly durationMs: number;
  readonly sources: readonly {
    readonly source: string;
    /** See `Location`. */
    readonly host?: string;
    readonly subjects: number;
    readonly errors: readonly SubjectError[];
  }[];
  readonly findings: readonly Finding[];
  readonly groups: readonly {
    readonly fingerprint: string;
    readonly count: number;
    readonly findings: readonly string[];
  }[];
  /** Rotation advice for each rule in `findings`. */
  readonly rotation: { readonly [rule: string]: Rotation };
  /** What suppressed secrets (an entry of `ignore:`, a label, a stop word, a disabled rule), and how many. */
  readonly ignored: readonly { readonly by: string; readonly count: number }[];
  /** Risks of scanned images other than secrets. */
  readonly advice: readonly { readonly source: string; readonly subject: string; readonly texts: readonly string[] }[];
  /** Notes on the settings, such as an expired `ignore:` entry. */
  readonly notes: readonly string[];
  readonly summary: {
    readonly subjects: number;
    readonly values: number;
    readonly findings: number;
    /** Below `minConfidence`. */
    readonly hidden: number;
    /** Old copies that runs keep for rollback: they still hold values, and are not among the findings. */
    readonly kept: number;
    /** Suppressed by a setting, listed in `ignored`. */
    readonly ignored: number;
    readonly byConfidence: { readonly [level in Confidence]: number };
    readonly bySeverity: { readonly [level in Severity]: number };
  };
};

/** A report without its findings and what is computed from them. */
export type BareReport = Omit<ScanReport, "findings" | "groups" | "summary"> & {
  readonly summary: Omit<ScanReport["summary"], "findings" | "byConfidence" | "bySeverity">;
};

/**
 * The report with these findings, which must be sorted. Also used to filter another report's findings or to change
 * their states.
 */
export function withFindings(bare: BareReport, findings: readonly Finding[]): ScanReport {
  const { version, scannedAt, durationMs, sources, rotation, ignored, advice, notes } = bare;
  const { subjects, values, hidden, kept, ignored: suppressed } = bare.summary;
  return {
    ...{ version, scannedAt, durationMs, sources },
    findings,
    groups: groups(findings),
    rotation: rotationOf(findings, rotation),
    ...{ ignored, advice, notes },
    summary: {
      ...{ subjects, values },
      findings: findings.length,
      ...{ hidden, kept, ignored: suppressed },
      byConfidence: count(CONFIDENCES, findings, (finding) => finding.confidence),
      bySeverity: count(SEVERITIES, findings, (finding) => finding.severity),
    },
  };
}

/** The advice for the rules and services of these findings. */
function rotationOf(findings: readonly Finding[], all: ScanReport["rotation"]): ScanReport["rotation"] {
  const keys = new Set(findings.flatMap((finding) => [finding.rule, rotationKey(finding)]));
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.has(key)));
}

function groups(findings: readonly Finding[]): ScanReport["groups"] {
  const byPrint = new Map<string, string[]>();
  for (const { fingerprint: print, id } of findings) byPrint.set(print, [...(byPrint.get(print) ?? []), id]);
  return [...byPrint].map(([print, ids]) => ({ fingerprint: print, count: ids.length, findings: ids }));
}

function count<Level extends string>(
  levels: readonly Level[],
  findings: readonly Finding[],
  of: (finding: Finding) => Level,
): { readonly [level in Level]: number } {
  const counts = Object.fromEntries(levels.map((level) => [level, 0])) as { [level in Level]: number };
  for (const finding of findings) counts[of(finding)]++;
  return counts;
}
/** Sort order: most severe first. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    b.score - a.score ||
    compareText(a.location.subjectName, b.location.subjectName) ||
    compareText(a.location.path, b.location.path)
  );
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
