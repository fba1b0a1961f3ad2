import { itemsOf, selectedAt, type Item } from "../items.ts";
import type { State } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { some } from "../widgets/bar.ts";
import { beside, chosen, layout, line, wrapped, type Guard, type Line, type Row, type Span } from "../widgets/text.ts";
import { windowAround, windowFrom } from "../widgets/window.ts";
import { evidence } from "./evidence.ts";
import { WIDE, type ScreenOf, type Size } from "./frame.ts";

/** The secrets, and the evidence for the chosen one beside them; on a narrow terminal one at a time. */
export const browse: ScreenOf = (state, room, guard) => {
  const items = itemsOf(state);
  const at = selectedAt(state, items);
  const item = items[at];
  const open = state.where === "detail";
  if (room.columns < WIDE) {
    if (!open) return { title: line(...listTitle(state, items)), body: list(state, items, at, room, guard) };
    const { rows, below, last } = windowFrom(
      layout(evidence(item, state), room.columns, guard),
      state.detailScroll,
      room.rows,
    );
    return { title: line(...detailTitle(open, below)), body: rows, last };
  }
  const split = Math.min(Math.floor(room.columns * 0.5), 72);
  const left = list(state, items, at, { columns: split, rows: room.rows }, guard);
  const right = layout(evidence(item, state), room.columns - split - 2, guard);
  const { rows, below, last } = windowFrom(right, state.detailScroll, room.rows);
  const [listHead] = layout([line(...listTitle(state, items))], split, guard);
  const [detailHead] = layout([line(...detailTitle(open, below))], room.columns - split - 2, guard);
  const title = beside(listHead, detailHead, split);
  const body = Array.from({ length: room.rows }, (_, index) => beside(left[index], rows[index], split));
  return { title, body, split, last };
};

type Part = Span | string;

function listTitle(state: State, items: readonly Item[]): Part[] {
  const groups = items.filter(({ kind }) => kind === "group").length;
  const filter = state.filter === "" ? "" : `  filter: ${state.filter}`;
  const marked = state.marked.size > 0 ? `  ${state.marked.size} marked` : "";
  return [
    { text: " Secrets", bold: true },
    state.filter === "" ? "" : `  ${groups} of ${state.scan.groups.length}`,
    { text: filter, color: "yellow" },
    { text: marked, color: "cyan" },
  ];
}

function detailTitle(open: boolean, below: number): Part[] {
  return [
    { text: " Evidence", bold: open },
    { text: below > 0 ? `  ↓ ${below} more${open ? "" : " (enter)"}` : "", dimColor: true },
  ];
}

function list(state: State, items: readonly Item[], at: number, room: Size, guard: Guard): Row[] {
  if (items.length === 0) return layout(nothing(state), room.columns, guard).slice(0, room.rows);
  const { from, to } = windowAround(items.length, at, room.rows);
  return items.slice(from, to).map((item, index) => {
    const row = layout([itemLine(item, state, from + index === at, room.columns)], room.columns, guard)[0] as Row;
    return from + index === at ? chosen(row, room.columns) : row;
  });
}

function itemLine(item: Item, state: State, here: boolean, columns: number): Line {
  const cursor = here ? "▸" : " ";
  if (item.kind === "unread")
    return line(
      `${cursor}  `,
      { text: "! not read  ", color: "yellow", bold: true },
      `${item.error.source} ${item.error.subject}`,
    );
  const { group, key } = item;
  const { glyph, word, style } = SEVERITY[group.severity];
  const is = STATE[group.state];
  const places = some(group.findings.length, "place").padStart(9);
  const name = { text: group.name, cell: Math.max(8, columns - 13 - places.length - 9) };
  return line(
    cursor,
    { text: state.marked.has(key) ? "✓ " : "  ", color: "cyan", bold: true },
    { text: `${glyph} ${word.padEnd(8)} `, ...style },
    name,
    `${places}  `,
    { text: `${is.glyph} ${is.word.padEnd(4)}`, ...is.style },
  );
}

/** Says what an empty list means. */
function nothing({ scan, filter }: State): Line[] {
  if (scan.status === "failed" && scan.error) {
    return [
      line(),
      wrapped(2, "  ", { text: "✗ ", color: "red" }, scan.error.text),
      ...(scan.error.hint ? [wrapped(8, { text: "  next: ", bold: true }, scan.error.hint)] : []),
      line(),
      line({ text: "  r scans again", dimColor: true }),
    ];
  }
  if (filter !== "" && scan.groups.length > 0)
    return [line(), wrapped(2, "  nothing matches the filter; esc clears it")];
  if (scan.status === "done")
    return [
      line(),
      wrapped(
        2,
        { text: "  ✓ no secrets found", color: "blue", bold: true },
        ` in ${some(scan.report?.summary.values ?? 0, "value")} of ${some(scan.report?.summary.subjects ?? 0, "subject")}`,
      ),
    ];
  return [line(), line({ text: "  reading…", dimColor: true })];
}
