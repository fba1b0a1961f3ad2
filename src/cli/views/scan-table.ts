import type { ScanReport } from "../../core/scan.ts";
import { keptText } from "../../core/kept-copies.ts";
import type { Finding } from "../../model/finding.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint } from "../../kit/paint.ts";
import { subjectIn, unreadIn } from "./subject.ts";
import { SEVERITY_MARK, table, type Cell } from "./table.ts";

/** A scan for a person: one block per finding, then what could not be read, then the sum. */
export function scanTable(report: ScanReport, stream: NodeJS.WriteStream | null): string {
  const copies = new Map(report.groups.map((group) => [group.fingerprint, group.count]));
  const rows = report.findings.map((finding): Cell[] => {
    const count = copies.get(finding.fingerprint) ?? 1;
    return [
      SEVERITY_MARK[finding.severity] ?? { text: finding.severity },
      { text: finding.name, colour: "bold" },
      { text: finding.masked },
      {
        text: `${subjectIn(finding.location)}  ${finding.location.path}${finding.location.origin === "image" ? " (from its image)" : ""}`,
      },
      { text: `${finding.confidence} ${finding.score.toFixed(2)}` },
      {
        text: `${finding.why.slice(0, 2).join("; ")}${count > 1 ? `; same value in ${count} places` : ""}${finding.state === "new" ? "" : ` [${finding.state}]`}${livenessText(finding)}`,
        colour: "dim",
      },
    ];
  });
  const lines = rows.length > 0 ? [table(rows, stream), ""] : [];
  for (const source of report.sources) {
    for (const error of source.errors)
      lines.push(
        ...table(
          [[{ text: "not read", colour: "red" }, { text: `${unreadIn(source, error.subject)}: ${error.message}` }]],
          stream,
        ).split("\n"),
        `  next: ${error.hint}`,
      );
  }
  if (report.advice.length > 0) lines.push(...advice(report, stream), "");
  lines.push(
    ...report.notes.map((note) => `note: ${printable(note)}`),
    sum(report, stream),
    ...keptLines(report),
    ...ignoredLines(report),
  );
  return lines.join("\n");
}

/** Most images run as root: a warning that many share is shown once. */
function advice({ advice: all }: ScanReport, stream: NodeJS.WriteStream | null): string[] {
  const subjects = new Map<string, string[]>();
  for (const { subject, texts } of all)
    for (const text of texts) subjects.set(text, [...(subjects.get(text) ?? []), subject]);
  const lines = [...subjects].map(([text, of]) => {
    const named = of.length > 3 ? `${of.slice(0, 3).join(", ")} and ${of.length - 3} more` : of.join(", ");
    return `  ${printable(named)}  ${printable(text)}`;
  });
  return [paint("bold", "Before you run it", stream), ...lines];
}

function livenessText({ liveness }: Finding): string {
  if (liveness === null) return "";
  return `; ${{ live: "LIVE", dead: "dead", unknown: "could not tell whether live" }[liveness.state]}: ${printable(liveness.why)}`;
}

/** `3 ignored: 2 by unsprawl.yaml ignore[0] (test data), 1 by stop word "example"`: nothing is hidden silently. */
function ignoredLines({ ignored, summary }: ScanReport): string[] {
  if (summary.ignored === 0) return [];
  const by = ignored.slice(0, 8).map((one) => `${one.count} by ${printable(one.by)}`);
  const more = ignored.length > 8 ? [`${ignored.length - 8} more reasons`] : [];
  return [
    `${summary.ignored} ignored: ${[...by, ...more].join(", ")} (--show-ignored lists those that \`ignore\` or a label hides)`,
  ];
}

/** Old copies are no findings, but still contain the values. */
function keptLines({ summary }: ScanReport): string[] {
  return summary.kept === 0 ? [] : [`${keptText(summary.kept)}; next: unsprawl runs, then unsprawl scrub RUN`];
}

function sum({ summary, groups, durationMs }: ScanReport, stream: NodeJS.WriteStream | null): string {
  const secrets = groups.length;
  const found =
    summary.findings === 0
      ? paint("blue", "no secrets found", stream)
      : paint(
          "bold",
          `${secrets} ${secrets === 1 ? "secret" : "secrets"} in ${summary.findings} ${summary.findings === 1 ? "place" : "places"}`,
          stream,
        );
  const hidden =
    summary.hidden > 0 ? `; ${summary.hidden} of low confidence hidden (--min-confidence low shows them)` : "";
  return `${found}, ${summary.values} values in ${summary.subjects} subjects read in ${(durationMs / 1000).toFixed(1)} s${hidden}`;
}
