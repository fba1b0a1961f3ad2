import type { ScanReport } from "../../core/scan.ts";
import { keptText } from "../../core/kept-copies.ts";
import { SEVERITIES, type Finding } from "../../model/finding.ts";
import { placeWords } from "../../model/place-words.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth, wrapWords } from "../../kit/text/wrap.ts";
import { paint } from "../../kit/paint.ts";
import { subjectIn, unreadIn } from "./subject.ts";
import { sourcesText } from "./sources-text.ts";
import { SEVERITY_MARK, table, tableRows, type Cell } from "./table.ts";

/**
 * A scan for a person: the findings, what could not be read, the sum. On a terminal that is too narrow for a line each,
 * the reason is below each finding and everything wraps at words; elsewhere a finding is one line, however long.
 */
export function scanTable(report: ScanReport, stream: NodeJS.WriteStream | null): string {
  const copies = new Map(report.groups.map((group) => [group.fingerprint, group.count]));
  const reason = (finding: Finding): string => reasonText(finding, copies.get(finding.fingerprint) ?? 1);
  const lined = report.findings.length === 0 ? [] : wide(report, reason, stream);
  const isNarrow = stream?.isTTY === true && lined.some((row) => row.includes("\n"));
  const rows = isNarrow ? blocks(report, reason, stream) : lined;
  const lines = rows.length > 0 ? [...rows, ""] : [];
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
    ...[
      ...report.notes.map((note) => `note: ${printable(note)}`),
      sum(report, stream),
      ...keptLines(report),
      ...ignoredLines(report),
    ].flatMap((line) => wrapWords(line, lineWidth(stream))),
  );
  return lines.join("\n");
}

/** Severity, name and place, with headers; the reason below. */
function blocks({ findings }: ScanReport, reason: (finding: Finding) => string, stream: NodeJS.WriteStream): string[] {
  const head = headOf("SEVERITY", "NAME", "WHERE");
  const [first = "", ...rows] = tableRows(
    [
      head,
      ...findings.map((one) => [markOf(one), { text: one.name, colour: "bold" as const }, { text: whereText(one) }]),
    ],
    stream,
  );
  const indent = " ".repeat(REASON_INDENT);
  return [
    first,
    ...findings.flatMap((finding, at) => [
      rows[at] ?? "",
      ...hanging(indent, printable(reason(finding)), REASON_INDENT, lineWidth(stream)).map((line) =>
        paint("dim", line, stream),
      ),
    ]),
  ];
}

const REASON_INDENT = 12;

function wide(
  { findings }: ScanReport,
  reason: (finding: Finding) => string,
  stream: NodeJS.WriteStream | null,
): string[] {
  const rows = findings.map((finding): Cell[] => [
    markOf(finding),
    { text: finding.name, colour: "bold" },
    { text: finding.masked },
    { text: whereText(finding) },
    { text: `${finding.confidence} ${finding.score.toFixed(2)}` },
    { text: reason(finding), colour: "dim" },
  ]);
  const head = headOf("SEVERITY", "NAME", "VALUE", "WHERE", "CONFIDENCE", "WHY");
  return tableRows(stream?.isTTY === true ? [head, ...rows] : rows, stream);
}

const headOf = (...words: readonly string[]): Cell[] => words.map((text) => ({ text, colour: "dim" }));

const markOf = ({ severity }: Finding): Cell => SEVERITY_MARK[severity] ?? { text: severity };

/** The container or file, and where in it; a line of a file stands behind its name. */
function whereText({ location }: Finding): string {
  const subject = subjectIn(location);
  if (location.subject !== "file") return `${subject}  ${placeWords(location)}`;
  const { place, path } = location;
  if (place?.kind === "line") return `${place.file}:${place.line}`;
  return place?.kind === "text" && place.file === null && place.line !== null
    ? `${subject}:${place.line}`
    : `${subject}  ${path}`;
}

function reasonText(finding: Finding, count: number): string {
  const same = count > 1 ? `; same value in ${count} places` : "";
  const state = finding.state === "new" ? "" : ` [${finding.state}]`;
  return `${finding.why.slice(0, 2).join("; ")}${same}${state}${livenessText(finding)}`;
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

function sum({ sources, summary, groups, durationMs }: ScanReport, stream: NodeJS.WriteStream | null): string {
  const found =
    summary.findings === 0
      ? paint("blue", "no secrets found", stream)
      : paint("bold", `${countText(groups.length, "secret")} in ${countText(summary.findings, "place")}`, stream);
  const bySeverity = SEVERITIES.toReversed().flatMap((one) => {
    const count = summary.bySeverity[one];
    return count > 0 ? [`${count} ${one}`] : [];
  });
  const severities = bySeverity.length > 0 ? ` (${bySeverity.join(", ")})` : "";
  const hidden =
    summary.hidden > 0 ? `; ${summary.hidden} of low confidence hidden (--min-confidence low shows them)` : "";
  return `${found}${severities}, ${countText(summary.values, "value")} of ${sourcesText(sources)} read in ${(durationMs / 1000).toFixed(1)} s${hidden}`;
}
