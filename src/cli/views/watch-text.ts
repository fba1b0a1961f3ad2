import { sourcesText } from "./sources-text.ts";
import { keptText } from "../../core/kept-copies.ts";
import type { ScanReport } from "../../core/report.ts";
import type { Change, ChangeKind } from "../../model/change.ts";
import { changeCounts } from "../../model/change-words.ts";
import type { Finding } from "../../model/finding.ts";
import { countText } from "../../kit/text/count.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import type { WatchScan } from "../../watch/loop.ts";
import { paint, type Colour } from "../../kit/paint.ts";
import { headline } from "./ci.ts";
import { SEVERITY_MARK } from "./table.ts";

/** One change as a line for a person: what, how bad, which, where; for a regressed one, which run is undone. */
export function changeLine({ at, kind, finding, run, host }: Change, stream: NodeJS.WriteStream | null): string {
  const { location, name, severity, masked } = finding;
  const mark = SEVERITY_MARK[severity] ?? { text: severity };
  const by = run === null ? "" : kind === "gone" ? `  moved by run ${run}` : `  run ${run} had moved it`;
  return [
    at,
    paint(COLOUR[kind], kind.padEnd(WIDEST), stream),
    paint(mark.colour ?? "dim", mark.text.padEnd(10), stream),
    `${printable(name)} ${masked}`,
    `${location.subject} ${printable(location.subjectName)}  ${printable(location.path)}`,
    `on ${printable(host)}${by}`,
  ].join("  ");
}

/** JSON lines: each change, then the scan. */
export function changesJson({ report, changes, why }: WatchScan): string[] {
  const { scannedAt, durationMs, sources, summary } = report;
  const scan = { version: 1, type: "scan", at: scannedAt, why, durationMs, sources, summary, changes: changes.length };
  return [...changes.map((change) => ({ version: 1, type: "change", ...change })), scan].map((line) => jsonText(line));
}

/** A scan: `2 new, 1 gone; 31 findings in docker:, 0.3 s`, what was not read counted, then kept copies. */
export function roundLines({ report, changes, why }: WatchScan): readonly string[] {
  const { findings, kept } = report.summary;
  const unread = unreadErrors(report).length;
  const seconds = (report.durationMs / 1000).toFixed(1);
  const what = `${countText(findings, "finding")} in ${sourcesText(report.sources)}`;
  const copies = kept === 0 ? [] : [`${keptText(kept)}; next: unsprawl runs, then unsprawl scrub RUN`];
  const asked = why === "events" ? ", after events" : "";
  const left = unread === 0 ? "" : `, ${unread} not read`;
  return [`${changeCounts(changes) || "nothing new"}; ${what}${left}, ${seconds} s${asked}`, ...copies];
}

export type UnreadError = { readonly what: string; readonly message: string; readonly hint: string };

/** What a scan could not read, with its source. */
export function unreadErrors({ sources }: ScanReport): readonly UnreadError[] {
  return sources.flatMap(({ source, errors }) =>
    errors.map(({ subject, message, hint }) => ({ what: `${source} ${subject}`, message, hint })),
  );
}

export function unreadLine({ what, message, hint }: UnreadError): string {
  return printable(`not read: ${what}: ${message}; next: ${hint}`);
}

/** How many findings are named that make `watch --once` exit 3. */
const NAMED = 5;

/** Why `watch --once` exits 3: also for findings that are not new, and so are in no line above. */
export function failingLine(failing: readonly Finding[], failOn: string): string {
  const names = [...new Set(failing.map(headline))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const what = `${countText(failing.length, "finding")} at or above --fail-on ${failOn}`;
  return `exit 3, because of ${what}: ${names.slice(0, NAMED).join(", ")}${more}; next: unsprawl scan`;
}

const WIDEST = "regressed".length;

const COLOUR: { readonly [kind in ChangeKind]: Colour } = {
  new: "yellow",
  back: "yellow",
  regressed: "red",
  gone: "blue",
};
