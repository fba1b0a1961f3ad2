import type { ScanReport } from "../../core/scan.ts";
import type { Severity } from "../../model/finding.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { detailLines, headline, uniqueIds, type Ci } from "./ci.ts";
import { fileOf, subjectPath } from "./place.ts";
import { unreadIn } from "./subject.ts";

const SEVERITY: { readonly [severity in Severity]: string } = {
  critical: "blocker",
  high: "critical",
  medium: "major",
  low: "minor",
};

/**
 * A scan as a GitLab Code Quality report, which every tier shows in a merge request (showing its secret-detection
 * report needs Ultimate). GitLab distinguishes new from known by the fingerprint, so known findings are included.
 */
export function gitlab(report: ScanReport, { root }: Ci): string {
  const ids = uniqueIds(report.findings);
  const findings = report.findings.map((finding, at) => {
    const place = fileOf(finding, root);
    return {
      description: `${headline(finding)} is a secret: ${detailLines(finding, report).join(". ")}`,
      check_name: finding.rule,
      fingerprint: ids[at],
      severity: finding.state === "ignored" ? "info" : SEVERITY[finding.severity],
      location: {
        path: place === null ? subjectPath(finding) : printable(place.file),
        lines: { begin: place?.line ?? 1 },
      },
    };
  });
  const unread = report.sources.flatMap((source) =>
    source.errors.map(({ subject, message, hint }) => ({
      description: printable(`${unreadIn(source, subject)} was not read: ${message}; ${hint}`),
      check_name: "not-read",
      fingerprint: printable(`not-read ${unreadIn(source, subject)}`),
      severity: "major",
      location: { path: printable(subject), lines: { begin: 1 } },
    })),
  );
  return jsonText([...findings, ...unread], 2);
}
