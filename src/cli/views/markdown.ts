import { keptText } from "../../core/kept-copies.ts";
import type { ScanReport } from "../../core/scan.ts";
import { countText } from "../../kit/text/count.ts";
import { rotationKey } from "../../model/secret-service.ts";
import { printable } from "../../kit/text/escape.ts";
import { subjectIn, unreadIn } from "./subject.ts";

/** A scan as a Markdown table. Untrusted text cannot become a link, HTML or a cell border. */
export function markdown(report: ScanReport): string {
  const rows = report.findings.map((finding) =>
    [
      finding.severity,
      finding.name,
      finding.masked,
      subjectIn(finding.location),
      finding.location.path,
      finding.confidence,
      finding.why.join("; "),
    ]
      .map(cell)
      .join(" | "),
  );
  const errors = report.sources.flatMap((source) =>
    source.errors.map((error) => `- not read: ${cell(`${unreadIn(source, error.subject)}: ${error.message}`)}`),
  );
  const advice = report.advice.flatMap(({ subject, texts }) => texts.map((text) => `- ${cell(`${subject}: ${text}`)}`));
  // The pages are ours: the only links in it.
  const kinds = new Set(report.findings.map(rotationKey));
  const rotation = Object.entries(report.rotation)
    .filter(([key]) => kinds.has(key))
    .map(([rule, { text, url }]) => `- ${cell(`${rule}: ${text}`)}${url === null ? "" : ` <${url}>`}`);
  return [
    `# unsprawl: ${countText(report.groups.length, "secret")} in ${countText(report.summary.findings, "place")}`,
    ...(report.summary.kept > 0 ? ["", keptText(report.summary.kept)] : []),
    "",
    "| severity | name | value | subject | place | confidence | why |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
    ...(rotation.length > 0 ? ["", "## Rotate what could be read", "", ...rotation] : []),
    ...(advice.length > 0 ? ["", "## Before you run it", "", ...advice] : []),
    ...(errors.length > 0 ? ["", "## Not read", "", ...errors] : []),
  ].join("\n");
}

/**
 * Text within a line, in which nothing is Markdown, HTML, a cell's border, a formula or a link, GitHub's bare ones among them.
 * Source: CommonMark 0.31, "Backslash escapes"; GitHub Flavored Markdown 0.29, "Autolinks (extension)".
 */
export function cell(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>()#+!|~&:@$]|(?<=www)\./gi, "\\$&");
}
