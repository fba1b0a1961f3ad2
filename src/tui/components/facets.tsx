import { facetsOf } from "../facets.ts";
import type { FacetValue } from "../filter.ts";
import { shownSecrets } from "../items.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { countText } from "../widgets/bar.ts";
import { chosen, layout, line, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";
import { useWindow } from "./window.ts";

/** A value, or the heading of its facet. */
type FacetRow = { readonly value: FacetValue; readonly at: number } | { readonly heading: string };

/** Every facet with its values and how many secrets have each; the selected ones are checked. */
export function Facets({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const values = facetsOf(state);
  const rows = rowsOf(values);
  const here = Math.max(
    0,
    rows.findIndex((row) => "at" in row && row.at === state.facetAt),
  );
  const { from, to } = useWindow(rows.length, here, room.rows);
  const width = Math.min(room.columns - 15, Math.max(MIN, ...values.map(({ value }) => value.length + 2)));
  const body = rows.slice(from, to).map((row, index) => {
    const made = layout([rowLine(row, from + index === here, state, width)], room.columns, guard)[0] as ScreenRow;
    return from + index === here ? chosen(made, room.columns) : made;
  });
  return <Pane title={titleLine(state)} rows={body} room={room} />;
}

/** The counts stand beside the values, however wide the pane is. */
const MIN = 24;

function titleLine(state: TuiState): SpanLine {
  const { facets: chosenOnes, scan } = state;
  return line(
    { text: " Facets", bold: true },
    `  ${shownSecrets(state)} of ${countText(scan.groups.length, "secret")}`,
    { text: chosenOnes.size > 0 ? `  only ${[...chosenOnes].join(" ")}` : "", color: "yellow" },
  );
}

const rowsOf = last((values: readonly FacetValue[]): readonly FacetRow[] =>
  values.flatMap((value, at): FacetRow[] => [
    ...(values[at - 1]?.facet === value.facet ? [] : [{ heading: value.facet }]),
    { value, at },
  ]),
);

function rowLine(row: FacetRow, here: boolean, state: TuiState, width: number): SpanLine {
  if ("heading" in row) return line({ text: ` ${row.heading}`, bold: true });
  const { value, key, count } = row.value;
  const is = state.facets.has(key);
  return line(
    here ? "▸" : " ",
    { text: is ? " [✓] " : " [ ] ", color: "cyan", bold: is },
    { text: value, cell: Math.max(8, width) },
    { text: String(count).padStart(7), dimColor: true },
  );
}
