import { keptText } from "../../core/kept-copies.ts";
import { secretsOf, type ListItem } from "../items.ts";
import type { TuiState } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { countText } from "../widgets/bar.ts";
import { line, type SpanLine, type StyledSpan } from "../widgets/text.ts";
import { placeOf } from "../where.ts";
import { columnsFor, imageText, moreText, seenText, SPACE, whoText, type RowColumns } from "./row-columns.ts";

/** The parts of the state that a row shows. */
export type RowState = Pick<TuiState, "marked" | "grouping" | "scan" | "history">;

/** How each row of the list is drawn at this width: a function from an item to its line. */
export function rowMaker(
  { marked, grouping, scan, history }: RowState,
  needs: RowColumns,
  width: number,
): (item: ListItem, here: boolean, inRange: boolean) => SpanLine {
  const worded = width >= WORDED;
  const indent = grouping === "secret" ? "" : "  ";
  const columns = columnsFor(needs, width - CURSOR - indent.length - (worded ? WORD : GLYPH) - 1);
  return (item, here, inRange) => {
    const cursor = here ? "▸" : " ";
    const mark: StyledSpan = { text: `${inRange ? "›" : markGlyph(item, marked)} `, color: "cyan", bold: true };
    if (item.kind === "section") return headingLine(item, [cursor, mark], width);
    if (item.kind === "unread") {
      const { source, subject } = item.error;
      return line(cursor, "  ", { text: "! not read  ", color: "yellow", bold: true }, `${source} ${subject}`);
    }
    if (item.kind === "kept") return line(cursor, "  ", { text: keptText(item.copies), dimColor: true });
    const { group } = item;
    const { glyph, word, style } = SEVERITY[group.severity];
    const place = placeOf(group, grouping, scan.groups);
    // A file's name is cut before its line number.
    const [, file = "", at = ""] = /^(.*?)(:\d+)?$/s.exec(place.text) ?? [];
    const is = STATE[group.state];
    return line(
      cursor,
      mark,
      indent,
      { text: worded ? `${glyph} ${word.padEnd(9)}` : `${glyph} `, ...style },
      ...apart([
        cell(columns.name, group.name),
        cell(columns.where, file, {}, at + moreText(place.more)),
        cell(columns.masked, group.lead.masked, { color: "magenta" }),
        cell(columns.state, `${is.glyph} ${is.word}`, is.style),
        cell(columns.rule, group.lead.rule, { dimColor: true }),
        cell(columns.image, imageText(group), { dimColor: true }),
        cell(columns.seen, seenText(group, history), { dimColor: true }),
        cell(columns.who, whoText(group), { dimColor: true }),
      ]),
    );
  };
}

/** From this width on, a severity is a word too. */
const WORDED = 90;
const [CURSOR, GLYPH, WORD] = [3, 2, 11];

/** A text in its column, and what must stay at its end; nothing if the column has no room. */
function cell(wide: number, text: string, style: Partial<StyledSpan> = {}, end = ""): StyledSpan[] {
  if (wide <= 0) return [];
  const room = Math.max(1, wide - end.length);
  // What stays at the end follows the text; a text that is too long is cut before it.
  if (end !== "" && text.length <= room) return [{ ...style, text: `${text}${end}`, cell: wide }];
  return [
    { ...style, text, cell: room },
    { ...style, text: end },
  ];
}

const apart = (cells: readonly StyledSpan[][]): StyledSpan[] =>
  cells.filter((spans) => spans.length > 0).flatMap((spans, at) => (at === 0 ? spans : [GAP, ...spans]));

const GAP: StyledSpan = { text: " ".repeat(SPACE) };

function headingLine(
  { section, folded }: Extract<ListItem, { kind: "section" }>,
  before: readonly (StyledSpan | string)[],
  width: number,
): SpanLine {
  const count = countText(section.groups.length, "secret").padStart(11);
  const title = { text: section.title, bold: true, cell: Math.max(8, width - CURSOR - 3 - count.length) };
  return line(...before, folded ? "▸ " : "▾ ", title, { text: count, dimColor: true });
}

/** `✓` for a marked secret, `~` for a heading with some marked. */
function markGlyph(item: ListItem, marked: ReadonlySet<string>): string {
  if (marked.size === 0) return " ";
  const prints = secretsOf(item);
  if (prints.length === 0) return " ";
  if (prints.every((print) => marked.has(print))) return "✓";
  return item.kind === "section" && prints.some((print) => marked.has(print)) ? "~" : " ";
}
