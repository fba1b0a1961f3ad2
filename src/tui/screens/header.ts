import type { State } from "../state.ts";
import { bar, some, timeLeft } from "../widgets/bar.ts";
import { line, type Line, type Span } from "../widgets/text.ts";

/** What is scanned, how far, and what was found. */
export function header({ scan, now }: State, columns: number): Line {
  const name: Span = { text: " unsprawl ", bold: true };
  const places = scan.groups.reduce((sum, group) => sum + group.findings.length, 0);
  const found = `${some(scan.groups.length, "secret")} in ${some(places, "place")}`;
  if (scan.status === "waiting") return line(name, { text: " starting", dimColor: true });
  if (scan.status === "failed")
    return line(name, ` ${scan.source}  `, { text: "✗ scan failed", color: "red", bold: true });
  if (scan.status === "running") {
    const { done, total, started } = scan;
    const left = timeLeft(started, now, done, total);
    const width = columns >= 80 ? 12 : 6;
    const progress = total === null ? "…" : `${bar(done, total, width)} ${done}/${total}`;
    return line(
      name,
      ` ${scan.source}  `,
      { text: `▸ scanning ${progress}`, color: "cyan" },
      left === "" ? "" : `  ${left}`,
      `  ${found}`,
    );
  }
  const { report, unread } = scan;
  const hidden = report && report.summary.hidden > 0 ? `  ${report.summary.hidden} of low confidence hidden` : "";
  const warn: Span = { text: unread.length > 0 ? `  ! ${unread.length} not read` : "", color: "yellow", bold: true };
  return line(
    name,
    ` ${scan.source}  `,
    { text: found, bold: true },
    warn,
    `  ${some(report?.summary.subjects ?? 0, "subject")} read`,
    { text: hidden, dimColor: true },
  );
}
