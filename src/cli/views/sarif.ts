import type { ScanReport } from "../../core/scan.ts";
import type { Severity } from "../../model/finding.ts";
import { printable } from "../../text/escape.ts";
import { subjectIn, unreadIn } from "./subject.ts";

const LEVEL: { readonly [severity in Severity]: "error" | "warning" | "note" } = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
};

/** A scan as SARIF 2.1.0 (OASIS, sarif-v2.1.0): logical locations, since a container has no file; masked values only. */
export function sarif(report: ScanReport): string {
  const rules = [...new Set(report.findings.map((finding) => finding.rule))];
  const results = report.findings.map((finding) => ({
    ruleId: finding.rule,
    ruleIndex: rules.indexOf(finding.rule),
    level: LEVEL[finding.severity],
    // `text` is plain (section 3.11.8), so that no name becomes a link.
    message: {
      text: printable(`${finding.name} in ${subjectIn(finding.location)} is a secret: ${finding.why.join("; ")}`),
    },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: `${finding.location.subject}/${[finding.location.host ?? [], finding.location.subjectName].flat().map(encodeURIComponent).join("/")}`,
          },
        },
        logicalLocations: [
          { fullyQualifiedName: printable(`${subjectIn(finding.location)} ${finding.location.path}`), kind: "member" },
        ],
      },
    ],
    partialFingerprints: { "unsprawl/v1": finding.id },
    baselineState: finding.state === "known" ? "unchanged" : "new",
    properties: {
      confidence: finding.confidence,
      score: finding.score,
      severity: finding.severity,
      masked: finding.masked,
    },
  }));
  const notifications = report.sources.flatMap((source) =>
    source.errors.map((error) => ({
      level: "error",
      message: { text: printable(`${unreadIn(source, error.subject)}: ${error.message}; ${error.hint}`) },
    })),
  );
  return JSON.stringify({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "unsprawl", rules: rules.map((id) => ({ id })) } },
        invocations: [{ executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications }],
        results,
      },
    ],
  });
}
