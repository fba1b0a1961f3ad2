import { keptText } from "../../core/kept-copies.ts";
import { SEVERITIES } from "../../model/finding.ts";
import { changeCounts } from "../../model/change-words.ts";
import type { SecretGroup } from "../groups.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { bar, countText, timeLeft } from "../widgets/bar.ts";
import { line, type SpanLine, type StyledSpan } from "../widgets/text.ts";

/** From this width on, the severities are counted too. */
const ROOMY = 110;

/** What is scanned, the progress, and the result. */
export function header({ scan, now, suppressed, readOnly }: TuiState, columns: number): SpanLine {
  const name: StyledSpan = { text: readOnly ? " unsprawl, read-only " : " unsprawl ", bold: true };
  const { places, severities } = counted(scan.groups);
  const found = `${countText(scan.groups.length, "secret")} in ${countText(places, "place")}`;
  const each = columns >= ROOMY ? severities : [];
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
      ...each,
    );
  }
  const { report, unread } = scan;
  const hidden = report && report.summary.hidden > 0 ? `  ${report.summary.hidden} of low confidence hidden` : "";
  const copies = report && report.summary.kept > 0 ? `  ${keptText(report.summary.kept)}` : "";
  const quiet = (report?.summary.ignored ?? 0) + suppressed.size;
  const ignored = quiet > 0 ? `  ${quiet} ignored` : "";
  const since = report && scan.changes?.length ? changeCounts(scan.changes) : "";
  const loud = scan.changes?.some(({ kind }) => kind === "regressed") === true;
  const warn: StyledSpan = {
    text: unread.length > 0 ? `  ! ${unread.length} not read` : "",
    color: "yellow",
    bold: true,
  };
  return line(
    name,
    ` ${scan.source}  `,
    { text: found, bold: true },
    ...each,
    warn,
    { text: since === "" ? "" : `  ${since} since the last scan`, ...(loud ? STATE.regressed.style : {}) },
    report === null ? "" : `  ${countText(report.summary.values, "value")} read`,
    { text: copies + ignored + hidden, dimColor: true },
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
