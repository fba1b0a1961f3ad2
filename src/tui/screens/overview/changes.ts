import { changeCounts } from "../../../model/change-words.ts";
import type { Change, ChangeKind } from "../../../model/change.ts";
import type { TrendPoint } from "../../../model/trend.ts";
import type { OverviewData } from "../../overview.ts";
import type { TuiState } from "../../state.ts";
import type { Style } from "../../theme.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine } from "../../widgets/text.ts";

/** What has changed since the last saved scan, and what saved scans found before. */
export function changeLines(
  { changes, trend }: NonNullable<OverviewData["changes"]>,
  scan: TuiState["scan"],
): SpanLine[] {
  const now = scan.changes;
  if (now === null && trend.length === 0)
    return [
      wrapped(1, " no scan has been saved on this machine, so there is nothing to compare with"),
      wrapped(9, { text: "   next: ", bold: true }, "unsprawl scan --remember, or unsprawl watch --every 15m"),
    ];
  return [
    line(
      { text: " Since the last saved scan", bold: true },
      `  ${now?.length ? changeCounts(now) : "nothing has changed"}`,
    ),
    ...(now ?? []).map((one) => changeLine(one)),
    BLANK,
    line({ text: " Saved scans", bold: true }, { text: "  findings, newest first", dimColor: true }),
    ...trend.toReversed().map(pointLine),
    ...(changes.length === 0
      ? []
      : [BLANK, line({ text: " Earlier changes", bold: true }), ...changes.map((one) => changeLine(one, one.at))]),
  ];
}

function changeLine({ kind, finding, since, run }: Change, at: string | null = null): SpanLine {
  const { glyph, word, style } = KINDS[kind];
  const seen = kind === "new" ? "" : `  first seen ${day(since)}`;
  return wrapped(
    15,
    { text: at === null ? "   " : `   ${minute(at)}  `, dimColor: true },
    { text: `${glyph} ${word.padEnd(10)}`, ...style },
    { text: finding.name, bold: true },
    `  ${finding.location.subject} ${finding.location.subjectName}  ${finding.severity}`,
    { text: `${seen}${run === null ? "" : `  run ${run} had moved it`}`, dimColor: true },
  );
}

function pointLine({ at, findings, bySeverity }: TrendPoint): SpanLine {
  const of = (["critical", "high", "medium", "low"] as const).flatMap((one) =>
    bySeverity[one] > 0 ? [`${bySeverity[one]} ${one}`] : [],
  );
  return line({ text: `   ${minute(at)}  `, dimColor: true }, countText(findings, "finding").padEnd(14), {
    text: of.join(", "),
    dimColor: true,
  });
}

const KINDS: {
  readonly [kind in ChangeKind]: { readonly glyph: string; readonly word: string; readonly style: Style };
} = {
  new: { glyph: "+", word: "new", style: {} },
  back: { glyph: "+", word: "reappeared", style: { color: "yellow" } },
  regressed: { glyph: "!", word: "regressed", style: { color: "red" } },
  gone: { glyph: "-", word: "gone", style: { color: "blue" } },
};

const day = (at: string): string => minute(at).slice(0, 10);

/** The time in UTC. A text that is no time is not shown. */
function minute(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "unknown time    " : time.toISOString().slice(0, 16).replace("T", " ");
}
