import type { ScanReport } from "../../core/scan.ts";

/** A scan report in a format of `--format`. `terminal` is false when it goes to a file: then it has no colours. */
export async function render(report: ScanReport, format: string, terminal: boolean): Promise<string> {
  if (format === "json") return JSON.stringify(report, null, process.stdout.isTTY && terminal ? 2 : 0);
  if (format === "ndjson") return report.findings.map((finding) => JSON.stringify(finding)).join("\n");
  if (format === "baseline") return (await import("../../core/baseline.ts")).baselineText(report.findings);
  if (format === "sarif") return (await import("./sarif.ts")).sarif(report);
  if (format === "html") return (await import("./html.ts")).html(report);
  if (format === "markdown") return (await import("./markdown.ts")).markdown(report);
  const stream = terminal ? process.stdout : null;
  return (await import("./scan-table.ts")).scanTable(report, stream);
}
