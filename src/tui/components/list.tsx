import { itemsOf, rangeOf, secretsOf, selectedAt, shownSecrets, type ListItem } from "../items.ts";
import type { TuiState } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { countText } from "../widgets/bar.ts";
import { chosen, layout, line, wrapped, type SpanLine, type ScreenRow, type StyledSpan } from "../widgets/text.ts";
import { Pane } from "./pane.tsx";
import { ScrollBar } from "./scroll-bar.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";
import { useWindow } from "./window.ts";

/** From this width on, a row shows the rule as well. */
const ROOMY = 90;
const RULE = 24;

/** The visible part of the list, with the selected row in it. */
export function List({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const items = itemsOf(state);
  const at = selectedAt(state, items);
  const { from, to } = useWindow(items.length, at, room.rows);
  const title = titleLine(state, at, items.length);
  if (items.length === 0) return <Pane title={title} rows={layout(nothing(state), room.columns, guard)} room={room} />;
  const scrolls = items.length > room.rows;
  const columns = room.columns - (scrolls ? 1 : 0);
  const range = rangeOf(state);
  const rows = items.slice(from, to).map((item, index) => {
    const row = from + index;
    const markOf = range !== null && row >= range.from && row <= range.to ? "›" : markGlyph(item, state);
    const made = layout([itemLine(item, row === at, markOf, columns)], columns, guard)[0] as ScreenRow;
    return row === at ? chosen(made, columns) : made;
  });
  const bar = scrolls ? <ScrollBar from={from} to={to} count={items.length} height={room.rows} /> : null;
  return <Pane title={title} rows={rows} room={room} edge={bar} />;
}

/** The list's name, and everything that narrows it. */
function titleLine(state: TuiState, at: number, count: number): SpanLine {
  const { filter, grouping, marked, facets, range } = state;
  const narrowed = filter !== "" || facets.size > 0;
  return line(
    { text: " Secrets", bold: true },
    count === 0 ? "" : `  ${at + 1}/${count}`,
    grouping === "secret" ? "" : `  by ${grouping}`,
    narrowed ? `  ${shownSecrets(state)} of ${state.scan.groups.length}` : "",
    { text: filter === "" ? "" : `  filter: ${filter}`, color: "yellow" },
    { text: facets.size > 0 ? `  only ${[...facets].join(" ")}` : "", color: "yellow" },
    { text: marked.size > 0 ? `  ${marked.size} marked` : "", color: "cyan" },
    { text: range === null ? "" : "  range: space marks, esc ends", color: "cyan" },
  );
}

/** `✓` for a marked secret, `~` for a heading with some marked. */
function markGlyph(item: ListItem, { marked }: TuiState): string {
  if (marked.size === 0) return " ";
  const prints = secretsOf(item);
  if (prints.length === 0) return " ";
  if (prints.every((print) => marked.has(print))) return "✓";
  return item.kind === "section" && prints.some((print) => marked.has(print)) ? "~" : " ";
}

function itemLine(item: ListItem, here: boolean, mark: string, columns: number): SpanLine {
  const cursor = here ? "▸" : " ";
  const marked: StyledSpan = { text: `${mark} `, color: "cyan", bold: true };
  if (item.kind === "unread")
    return line(
      `${cursor}  `,
      { text: "! not read  ", color: "yellow", bold: true },
      `${item.error.source} ${item.error.subject}`,
    );
  if (item.kind === "section") {
    const count = countText(item.section.groups.length, "secret").padStart(10);
    const title = { text: item.section.title, bold: true, cell: Math.max(8, columns - 4 - count.length) };
    return line(cursor, marked, title, { text: `${count} `, dimColor: true });
  }
  const { group } = item;
  const { glyph, word, style } = SEVERITY[group.severity];
  const is = STATE[group.state];
  const places = countText(group.findings.length, "place").padStart(9);
  const rule = columns >= ROOMY ? [{ text: group.lead.rule, cell: RULE, dimColor: true }, "  "] : [];
  const name = columns - 13 - places.length - 9 - (columns >= ROOMY ? RULE + 2 : 0);
  return line(
    cursor,
    marked,
    { text: `${glyph} ${word.padEnd(8)} `, ...style },
    { text: group.name, cell: Math.max(8, name) },
    ...rule,
    `${places}  `,
    { text: `${is.glyph} ${is.word.padEnd(4)}`, ...is.style },
  );
}

/** What an empty list means. */
function nothing({ scan, filter, facets }: TuiState): SpanLine[] {
  if (scan.status === "failed" && scan.error) {
    return [
      line(),
      wrapped(2, "  ", { text: "✗ ", color: "red" }, scan.error.text),
      ...(scan.error.hint ? [wrapped(8, { text: "  next: ", bold: true }, scan.error.hint)] : []),
      line(),
      line({ text: "  r scans again", dimColor: true }),
    ];
  }
  if ((filter !== "" || facets.size > 0) && scan.groups.length > 0)
    return [line(), wrapped(2, `  nothing matches the ${filter !== "" ? "filter" : "facets"}; esc clears it`)];
  if (scan.status === "done")
    return [
      line(),
      wrapped(
        2,
        { text: "  ✓ no secrets found", color: "blue", bold: true },
        ` in ${countText(scan.report?.summary.values ?? 0, "value")} of ${countText(scan.report?.summary.subjects ?? 0, "subject")}`,
      ),
    ];
  return [line(), line({ text: "  reading…", dimColor: true })];
}
