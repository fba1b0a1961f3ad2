import { keptText } from "../../core/kept-copies.ts";
import { SEVERITIES } from "../../model/finding.ts";
import { changeCounts } from "../../model/change-words.ts";
import type { SecretGroup } from "../groups.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { printable } from "../../kit/text/escape.ts";
import { columns as columnsOf } from "../../kit/text/width.ts";
import { bar, countText, timeLeft } from "../widgets/bar.ts";
import { line, type SpanLine, type StyledSpan } from "../widgets/text.ts";

/** What is scanned, the progress, and the result; of the facts those that fit, none of them cut. */
export function header({ scan, now, suppressed, readOnly }: TuiState, columns: number): SpanLine {
  const name: StyledSpan = { text: readOnly ? " unsprawl, read-only " : " unsprawl ", bold: true };
  if (scan.status === "waiting") return line(name, { text: " starting", dimColor: true });
  const head = [name, { text: ` ${scan.source}  ` }];
  if (scan.status === "failed") return fitting(head, [failed()], columns);
  const { places, severities } = counted(scan.groups);
  const found = `${countText(scan.groups.length, "secret")} in ${countText(places, "place")}`;
  // The worst come first, so the others are dropped first.
  const each = severities.map((span, at): Fact => ({ ...span, rank: 4 + at }));
  if (scan.status === "running") {
    const { done, total, started } = scan;
    const left = timeLeft(started, now, done, total);
    const progress = total === null ? "…" : `${bar(done, total, columns >= 80 ? 12 : 6)} ${done}/${total}`;
    return fitting(
      head,
      [
        { text: `▸ scanning ${progress}`, color: "cyan", rank: 0 },
        { text: left === "" ? "" : `  ${left}`, rank: 2 },
        { text: `  ${found}`, rank: 1 },
        ...each,
      ],
      columns,
    );
  }
  return fitting(head, [{ text: found, bold: true, rank: 0 }, ...each, ...resultFacts(scan, suppressed.size)], columns);
}

const failed = (): Fact => ({ text: "✗ scan failed", color: "red", bold: true, rank: 0 });

/** What a finished scan says besides its secrets. */
function resultFacts({ report, unread, changes }: TuiState["scan"], suppressed: number): readonly Fact[] {
  const { kept = 0, hidden = 0, ignored = 0, values = 0 } = report?.summary ?? {};
  const since = report && changes?.length ? changeCounts(changes) : "";
  const loud = changes?.some(({ kind }) => kind === "regressed") === true;
  const quiet = ignored + suppressed;
  return [
    { text: unread.length > 0 ? `  ! ${unread.length} not read` : "", color: "yellow", bold: true, rank: 1 },
    { text: since === "" ? "" : `  ${since} since the last scan`, ...(loud ? STATE.regressed.style : {}), rank: 2 },
    { text: report === null ? "" : `  ${countText(values, "value")} read`, rank: 3 },
    { text: kept > 0 ? `  ${keptText(kept)}` : "", dimColor: true, rank: 11 },
    { text: quiet > 0 ? `  ${quiet} ignored` : "", dimColor: true, rank: 9 },
    { text: hidden > 0 ? `  ${hidden} of low confidence hidden` : "", dimColor: true, rank: 10 },
  ];
}

/** A part of the header; where there is no room for all, those of the highest rank are left out. */
type Fact = StyledSpan & { readonly rank: number };

/** The head and the facts that fit behind it. Where not even the first does, the source in the head is shortened. */
function fitting([name, source]: readonly StyledSpan[], facts: readonly Fact[], columns: number): SpanLine {
  const widthOf = (spans: readonly (StyledSpan | undefined)[]): number =>
    spans.reduce((sum, span) => sum + columnsOf(printable(span?.text ?? "")), 0);
  let left = columns - widthOf([name, source]);
  const first = facts.filter(({ rank }) => rank === 0);
  const room = columns - widthOf([name, ...first]);
  left -= widthOf(first);
  const shown = new Set(first);
  for (const fact of facts.toSorted((a, b) => a.rank - b.rank)) {
    if (shown.has(fact)) continue;
    left -= widthOf([fact]);
    if (left < 0) break;
    shown.add(fact);
  }
  const spans = facts.filter((fact) => shown.has(fact)).map(({ rank: _rank, ...span }) => span);
  const isLong = widthOf([source]) > room && room > 6;
  return line(
    name ?? "",
    ...(isLong ? [{ text: source?.text.trimEnd() ?? "", cell: room - 2 }, "  "] : [source ?? ""]),
    ...spans,
  );
}

/** The number of secrets, in total and for each severity; counted once per set of groups, not per frame. */
const counted = last(
  (groups: readonly SecretGroup[]): { readonly places: number; readonly severities: readonly StyledSpan[] } => ({
    places: groups.reduce((sum, { findings }) => sum + findings.length, 0),
    severities: SEVERITIES.toReversed().flatMap((severity): StyledSpan[] => {
      const count = groups.filter((group) => group.severity === severity).length;
      const { glyph, word, style } = SEVERITY[severity];
      return count === 0 ? [] : [{ text: `  ${glyph} ${count} ${word}`, ...style }];
    }),
  }),
);
