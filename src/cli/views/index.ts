import type { ScanReport } from "../../core/scan.ts";
import type { Finding } from "../../model/finding.ts";
import type { TrendPoint } from "../../model/trend.ts";
import { jsonText } from "../../kit/text/escape.ts";

/**
 * A scan report in a format of `--format`. `terminal` is false when it goes to a file: then it has no colours. `fails`
 * says of a finding whether it makes the process exit 3, and `cwd` is where the checkout's root is looked for. `trend` is
 * what earlier scans found, oldest first: the page of `html` draws it.
 */
export async function render(
  report: ScanReport,
  format: string,
  {
    terminal,
    cwd,
    fails,
    trend = [],
  }: {
    readonly terminal: boolean;
    readonly cwd: string;
    readonly fails: (finding: Finding) => boolean;
    readonly trend?: readonly TrendPoint[];
  },
): Promise<string> {
  if (format === "json") return jsonText(report, process.stdout.isTTY && terminal ? 2 : 0);
  if (format === "ndjson") return report.findings.map((finding) => jsonText(finding)).join("\n");
  if (format === "baseline") return (await import("../../core/baseline.ts")).baselineText(report.findings);
  if (format === "html") return (await import("./html/index.ts")).html(report, trend);
  if (format === "markdown") return (await import("./markdown.ts")).markdown(report);
  if (format === "table") return (await import("./scan-table.ts")).scanTable(report, terminal ? process.stdout : null);
  const ci = { root: (await import("./place.ts")).checkoutRoot(cwd), fails };
  if (format === "junit") return (await import("./junit.ts")).junit(report, ci);
  if (format === "github") return (await import("./github.ts")).github(report, ci);
  if (format === "gitlab") return (await import("./gitlab.ts")).gitlab(report, ci);
  return (await import("./sarif.ts")).sarif(report, ci);
}
