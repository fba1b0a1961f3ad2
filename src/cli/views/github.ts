import type { ScanReport } from "../../core/scan.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { detailLines, headline, type Ci } from "./ci.ts";
import { fileOf } from "./place.ts";
import { unreadIn } from "./subject.ts";

/**
 * A scan as GitHub Actions' workflow commands, one line each, the gravest first: what fails is an error, as is what
 * could not be read; known and ignored findings are notices, all others warnings.
 */
export function github(report: ScanReport, ci: Ci): string {
  const findings = report.findings.map((finding) => {
    const place = fileOf(finding, ci.root);
    const grave = ci.fails(finding);
    const settled = finding.state === "known" || finding.state === "ignored";
    return {
      level: grave ? ("error" as const) : settled ? ("notice" as const) : ("warning" as const),
      file: place?.file ?? null,
      line: place?.line ?? null,
      title: headline(finding),
      lines: detailLines(finding, report),
    };
  });
  const unread = report.sources.flatMap((source) =>
    source.errors.map(({ subject, message, hint }) => ({
      level: "error" as const,
      file: null,
      line: null,
      title: printable(`${unreadIn(source, subject)} was not read`),
      lines: [printable(message), printable(`next: ${hint}`)],
    })),
  );
  const all = [...unread, ...findings];
  // The log shows only a limited number of annotations per step: failures come first.
  const ordered = (["error", "warning", "notice"] as const).flatMap((level) =>
    all.filter((one) => one.level === level).map(command),
  );
  return [
    ...ordered,
    `${countText(report.groups.length, "secret")} in ${countText(report.summary.findings, "place")}`,
  ].join("\n");
}

function command(one: {
  readonly level: "error" | "warning" | "notice";
  readonly file: string | null;
  readonly line: number | null;
  readonly title: string;
  readonly lines: readonly string[];
}): string {
  const { level, file, line, title, lines } = one;
  const properties = { ...(file !== null && { file: printable(file) }), ...(line !== null && { line }), title };
  const given = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${level} ${given.join(",")}::${data(lines.join("\n"))}`;
}

// The ends of lines, properties and commands are escaped as in actions/toolkit, packages/core/src/command.ts.
const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
