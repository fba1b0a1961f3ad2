import type { ScanReport } from "../../core/scan.ts";
import type { Finding } from "../../model/finding.ts";
import { rotationKey } from "../../model/secret-service.ts";
import { printable } from "../../kit/text/escape.ts";
import { fileOf } from "./place.ts";
import { subjectIn } from "./subject.ts";

/** What a format for CI systems needs besides the report. */
export type Ci = {
  /** The checkout's root: files below it are named from there. */
  readonly root: string;
  /** Whether a finding makes the process exit 3. */
  readonly fails: (finding: Finding) => boolean;
};

/**
 * The report as a CI system shows it: a secret on one line of a file once, however many sources show that line. The one
 * that fails is kept, then the gravest, then the one that says most about who can see it.
 */
export function withLinesOnce(report: ScanReport, { root, fails }: Ci): ScanReport {
  // The report is in order of gravity: `best` is as grave at least.
  const saysMore = (one: Finding, best: Finding): boolean =>
    fails(one) === fails(best)
      ? one.severity === best.severity && one.exposure.length > best.exposure.length
      : fails(one);
  const kept = new Set<Finding>();
  const byLine = new Map<string, Finding[]>();
  for (const finding of report.findings) {
    const place = fileOf(finding, root);
    const at = place?.line == null ? "" : `${place.file}:${place.line}`;
    const there = byLine.get(at) ?? [];
    const best = at === "" ? undefined : there.find((one) => isSameSecret(one, finding));
    if (best !== undefined && !saysMore(finding, best)) continue;
    if (best !== undefined) kept.delete(best);
    kept.add(finding);
    byLine.set(at, [...there.filter((one) => one !== best), finding]);
  }
  const findings = report.findings.filter((finding) => kept.has(finding));
  return { ...report, findings, summary: { ...report.summary, findings: findings.length } };
}

/** Of two findings on one line. Another source may see the text from which a secret is decoded. */
function isSameSecret(one: Finding, other: Finding): boolean {
  if (one.fingerprint === other.fingerprint) return true;
  return one.name === other.name && one.location.source !== other.location.source;
}

/** `DB_PASSWORD in api`, safe to show. */
export function headline({ name, location }: Finding): string {
  return printable(`${name} in ${subjectIn(location)}`);
}

/** Why it is a secret, where, who can see it and what to do, a line each; safe to show, no value. */
export function detailLines(finding: Finding, { rotation }: ScanReport): string[] {
  const { location, severity, confidence, rule, masked, why, exposure, state } = finding;
  const advice = rotation[rotationKey(finding)] ?? rotation[rule];
  return [
    `${severity}, ${confidence} confidence, rule ${rule}, value ${masked}${state === "new" ? "" : `, ${state}`}`,
    `why: ${why.join("; ")}`,
    `where: ${location.subject} ${subjectIn(location)}, ${location.path}`,
    ...(exposure.length > 0 ? [`who can see it: ${exposure.join("; ")}`] : []),
    ...(advice === undefined ? [] : [`rotate: ${advice.text}${advice.url === null ? "" : ` ${advice.url}`}`]),
  ].map(printable);
}

/**
 * Ids of findings that stay the same from scan to scan, each of them unique: the second one in the same place is
 * `ID:2`.
 */
export function uniqueIds(findings: readonly Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ id }) => {
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return `${id}:${times}`;
  });
}
