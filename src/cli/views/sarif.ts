import type { Log, ReportingDescriptor, Result } from "sarif";
import type { ScanReport } from "../../core/scan.ts";
import { SEVERITIES, type Finding, type FindingState, type Severity } from "../../model/finding.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { uniqueIds, type Ci } from "./ci.ts";
import { fileOf, subjectPath } from "./place.ts";
import { subjectIn, unreadIn } from "./subject.ts";

const LEVEL = { critical: "error", high: "error", medium: "warning", low: "note" } as const;

/** GitHub's bands: over 9 is critical, from 7 on high, from 4 on medium. */
const GRADE: { readonly [severity in Severity]: string } = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.0" };

const BASELINE: { readonly [state in FindingState]: NonNullable<Result["baselineState"]> } = {
  new: "new",
  known: "unchanged",
  ignored: "unchanged",
  migrated: "unchanged",
  regressed: "updated",
};

/** A scan as SARIF 2.1.0 (OASIS, sarif-v2.1.0), as GitHub's code scanning requires it; masked values only. */
export async function sarif(report: ScanReport, ci: Ci): Promise<string> {
  return jsonText(await sarifLog(report, ci));
}

/** The log as an object, so that its type can be compared with the standard's. */
export async function sarifLog(report: ScanReport, ci: Ci): Promise<Log> {
  const { ruleById } = await import("../../detect/index.ts");
  const used = [...Map.groupBy(report.findings, ({ rule }) => rule)];
  const index = new Map(used.map(([id], at) => [id, at]));
  const rules = used.map(([id, findings]) => describe(id, ruleById(id)?.description ?? null, findings, report));
  const ids = uniqueIds(report.findings);
  const results = report.findings.map((finding, at): Result => {
    const { rule, name, severity, location, why, confidence, score, masked } = finding;
    return {
      ruleId: rule,
      ruleIndex: index.get(rule) ?? -1,
      level: LEVEL[severity],
      // `text` is plain (section 3.11.8), so that no name becomes a link.
      message: { text: printable(`${name} in ${subjectIn(location)} is a secret: ${why.join("; ")}`) },
      locations: [
        {
          physicalLocation: physical(finding, ci),
          logicalLocations: [
            { fullyQualifiedName: printable(`${subjectIn(location)} ${location.path}`), kind: "member" },
          ],
        },
      ],
      // The second is the one by which GitHub identifies alerts, in its form.
      partialFingerprints: { "unsprawl/v1": finding.id, primaryLocationLineHash: ids[at] ?? finding.id },
      baselineState: BASELINE[finding.state],
      // All results have them, or none (section 3.27.23).
      suppressions:
        finding.state === "ignored"
          ? [{ kind: "external", status: "accepted", justification: printable(finding.ignoredBy ?? "ignored") }]
          : [],
      properties: { confidence, score, severity, masked: printable(masked), state: finding.state },
    };
  });
  const notifications = report.sources.flatMap((source) =>
    source.errors.map((error) => ({
      level: "error" as const,
      message: { text: printable(`${unreadIn(source, error.subject)}: ${error.message}; ${error.hint}`) },
    })),
  );
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "unsprawl", rules } },
        invocations: [{ executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications }],
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
}

/**
 * GitHub shows only results with a file and a line: a subject that is not a file is shown as `container/NAME`, line 1.
 */
function physical(
  finding: Finding,
  { root }: Ci,
): NonNullable<Result["locations"]>[number]["physicalLocation"] & object {
  const place = fileOf(finding, root);
  const region = { startLine: Math.max(place?.line ?? 1, 1) };
  if (place === null) return { artifactLocation: { uri: subjectPath(finding) }, region };
  const path = place.file.toWellFormed().split("/").map(encodeURIComponent).join("/");
  const artifactLocation = path.startsWith("/") ? { uri: `file://${path}` } : { uri: path, uriBaseId: "%SRCROOT%" };
  return { artifactLocation, region };
}

/** A rule as the alerts' page describes it: what it is, and how to rotate what it found. */
function describe(
  id: string,
  description: string | null,
  findings: readonly Finding[],
  { rotation }: ScanReport,
): ReportingDescriptor {
  const text = printable(description ?? `Secret found by ${id}`);
  const advice = rotation[id];
  const help = `${text} where others can read it. Move it into a secret store (unsprawl plan), and rotate it: it has been exposed. ${advice?.text ?? ""}`;
  // A setting may have re-rated some of them: the gravest counts.
  const worst = SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? "low";
  return {
    id,
    name: id,
    shortDescription: { text },
    fullDescription: { text },
    help: { text: help.trim() },
    ...(advice !== undefined && advice.url !== null && { helpUri: advice.url }),
    defaultConfiguration: { level: LEVEL[worst] },
    properties: {
      tags: ["security", "secret"],
      precision: findings.every(({ confidence }) => confidence === "high") ? "high" : "medium",
      "problem.severity": LEVEL[worst] === "note" ? "recommendation" : LEVEL[worst],
      "security-severity": GRADE[worst],
    },
  };
}
