import type { ScanReport } from "../../core/scan.ts";
import type { Finding } from "../../model/finding.ts";
import { printable } from "../../kit/text/escape.ts";
import { subjectIn } from "./subject.ts";

/** What a format for CI systems needs besides the report. */
export type Ci = {
  /** The checkout's root: files below it are named from there. */
  readonly root: string;
  /** Whether a finding makes the process exit 3. */
  readonly fails: (finding: Finding) => boolean;
};

/** `DB_PASSWORD in api`, safe to show. */
export function headline({ name, location }: Finding): string {
  return printable(`${name} in ${subjectIn(location)}`);
}

/** Why it is a secret, where, who can see it and what to do, a line each; safe to show, no value. */
export function detailLines(finding: Finding, { rotation }: ScanReport): string[] {
  const { location, severity, confidence, rule, masked, why, exposure, state } = finding;
  const advice = rotation[rule];
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
