import { helpSections, keysIn, selectedKey, works, type HelpSection } from "../help.ts";
import { WHERE_TITLES, type KeyBinding } from "../keymap.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { chosen, layout, line, wrapped, type ScreenRow, type SpanLine } from "../widgets/text.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";
import { useWindow } from "./window.ts";

/** Every key of the screen below it, under headings; what the selected one does stands in full at the end. */
export function Help({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows: height } = room;
  const { where, help } = state;
  const selected = selectedKey(state);
  const rows = rowsOf(helpSections(where, help?.filter ?? ""));
  const about = layout(selected === undefined ? [] : [line(), aboutLine(selected, state)], columns, guard).slice(0, 4);
  const at = Math.max(
    0,
    rows.findIndex((row) => row === selected),
  );
  const { from, to } = useWindow(rows.length, at, Math.max(1, height - about.length));
  const body = rows.slice(from, to).map((row): ScreenRow => {
    const made = layout([rowLine(row, row === selected, state)], columns, guard)[0] as ScreenRow;
    return row === selected ? chosen(made, columns) : made;
  });
  const none = layout([line(), line("  no key matches; esc clears the filter")], columns, guard);
  const fill = layout(
    Array.from({ length: Math.max(0, height - body.length - about.length) }, () => line()),
    1,
    guard,
  );
  const shown = rows.length === 0 ? none : [...body, ...fill, ...about];
  return <Pane title={titleLine(state)} rows={shown} room={room} />;
}

function titleLine({ where, help }: TuiState): SpanLine {
  const count = keysIn(helpSections(where, help?.filter ?? "")).length;
  return line(
    { text: ` Keys of ${WHERE_TITLES[where]}`, bold: true },
    `  ${help?.filter ? `${count} with ` : ""}`,
    { text: help?.filter ?? "", color: "yellow" },
    { text: help?.typing ? "▏" : "", dimColor: true },
  );
}

/** A heading, or a key. */
type HelpRow = string | KeyBinding;

const rowsOf = last((all: readonly HelpSection[]): readonly HelpRow[] =>
  all.flatMap(({ title, keys }): HelpRow[] => [title, ...keys]),
);

function rowLine(row: HelpRow, here: boolean, state: TuiState): SpanLine {
  if (typeof row === "string") return line({ text: ` ${row}`, bold: true });
  const dim = !works(row, state);
  return line(here ? " ▸ " : "   ", { text: row.show, cell: 12, bold: !dim, dimColor: dim }, " ", {
    text: row.long,
    dimColor: dim,
  });
}

function aboutLine(row: KeyBinding, state: TuiState): SpanLine {
  return wrapped(3, "   ", { text: `${row.show}  `, bold: true }, row.long, {
    text: works(row, state) ? "" : "  (does nothing here now)",
    color: "yellow",
  });
}
