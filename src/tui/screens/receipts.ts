import { unitsOf } from "../../core/journal/runs.ts";
import type { TuiState } from "../state.ts";
import { STEP } from "../theme.ts";
import { BLANK, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";

/** One run from its journal: how far each step got, then every record as it was written. */
export function receiptsText({ opened }: TuiState): ScreenText {
  if (opened === null) return { lines: [], scroll: 0, title: () => line(" Run") };
  const { run, state: is, store } = opened.summary;
  return {
    lines: receiptLines(opened),
    scroll: opened.scroll,
    title: (below) =>
      line({ text: ` Run ${run}`, bold: true }, `  ${is}  → ${store}`, below > 0 ? `  ↓ ${below} more` : ""),
  };
}

/** The steps of each unit, then the records, one line each. */
export function receiptLines({ plan, steps, records }: NonNullable<TuiState["opened"]>): SpanLine[] {
  const lines: SpanLine[] = [];
  for (const unit of unitsOf(plan).keys()) {
    lines.push(wrapped(1, { text: ` ${unit}`, bold: true }));
    for (const { text, state } of steps.filter((step) => step.unit === unit)) {
      const { glyph, word, style } = STEP[state];
      lines.push(wrapped(13, "   ", { text: `${glyph} ${word.padEnd(8)}`, ...style }, ` ${text}`));
    }
    lines.push(BLANK);
  }
  lines.push(line({ text: " Receipts", bold: true }, { text: "  the journal, UTC", dimColor: true }));
  for (const { at, text } of records) lines.push(wrapped(23, { text: `   ${at} `, dimColor: true }, text));
  return lines;
}
