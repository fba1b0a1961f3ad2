import { itemsOf, positionOf, rangeOf, selectedAt, shownSecrets } from "../items.ts";
import { START, type TuiState } from "../state.ts";
import { countText } from "../widgets/bar.ts";
import { chosen, layout, line, wrapped, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { rowMaker } from "./list-row.ts";
import { Pane } from "./pane.tsx";
import { needsOf } from "./row-columns.ts";
import { ScrollBar } from "./scroll-bar.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";
import { useWindow } from "./window.ts";

/** The visible part of the list, with the selected row in it. */
export function List({ state, room }: ScreenProps) {
  const { guard, listTop } = useSurface();
  const items = itemsOf(state);
  const at = selectedAt(state, items);
  const { from, to } = useWindow(items.length, at, room.rows);
  if (listTop !== undefined) listTop.from = from;
  const title = titleLine(state);
  if (items.length === 0) return <Pane title={title} rows={layout(nothing(state), room.columns, guard)} room={room} />;
  const scrolls = items.length > room.rows;
  const columns = room.columns - (scrolls ? 1 : 0);
  const range = rangeOf(state);
  const lineOf = rowMaker(state, needsOf(state.scan.groups, state.grouping, state.history), columns);
  const rows = items.slice(from, to).map((item, index) => {
    const row = from + index;
    const inRange = range !== null && row >= range.from && row <= range.to;
    const made = layout([lineOf(item, row === at, inRange)], columns, guard)[0] as ScreenRow;
    return row === at ? chosen(made, columns) : made;
  });
  const bar = scrolls ? <ScrollBar from={from} to={to} count={items.length} height={room.rows} /> : null;
  return <Pane title={title} rows={rows} room={room} edge={bar} />;
}

/** The list's name, and everything that narrows it. */
function titleLine(state: TuiState): SpanLine {
  const { filter, grouping, sort, marked, facets, range } = state;
  const { at, count } = positionOf(state);
  const narrowed = filter !== "" || facets.size > 0;
  return line(
    { text: " Secrets", bold: true },
    count === 0 ? "" : at === null ? `  ${count}` : `  ${at}/${count}`,
    grouping === START.grouping ? "" : `  by ${grouping}`,
    sort === START.sort ? "" : `  sorted by ${sort}`,
    narrowed ? `  ${shownSecrets(state)} of ${state.scan.groups.length}` : "",
    { text: filter === "" ? "" : `  filter: ${filter}`, color: "yellow" },
    { text: facets.size > 0 ? `  only ${[...facets].join(" ")}` : "", color: "yellow" },
    { text: marked.size > 0 ? `  ${marked.size} marked` : "", color: "cyan" },
    { text: range === null ? "" : "  range: space marks, esc ends", color: "cyan" },
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
        ` in ${countText(scan.report?.summary.values ?? 0, "value")} of ${scan.source}`,
      ),
    ];
  return [line(), line({ text: "  reading…", dimColor: true })];
}
