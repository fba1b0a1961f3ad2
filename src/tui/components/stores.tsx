import { wantedText } from "../items.ts";
import { chosen, layout, line, wrapped, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

/** Where to: the stores, and the error of the one that was tried. */
export function Stores({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows } = room;
  const { choices, at, busy, error } = state.stores;
  const list = choices.map(({ name, text }, index): ScreenRow => {
    const row = layout(
      [line(index === at ? " ▸ " : "   ", { text: name.padEnd(14), bold: true }, " ", { text, dimColor: true })],
      columns,
      guard,
    )[0] as ScreenRow;
    return index === at ? chosen(row, columns) : row;
  });
  const below: SpanLine[] = [];
  if (busy) below.push(line(), line({ text: ` ▸ ${busy}`, color: "cyan" }));
  if (error) {
    below.push(line(), wrapped(3, { text: " ✗ ", color: "red", bold: true }, error.text));
    if (error.hint) below.push(wrapped(9, { text: "   next: ", bold: true }, error.hint));
  }
  const news = layout(below, columns, guard);
  // The error stays visible however many stores there are.
  const { rows: shown } = windowFrom(list, at - Math.floor(rows / 2), Math.max(1, rows - news.length));
  const title = state.stores.picking
    ? line({ text: " Store for plans and previews", bold: true })
    : line({ text: ` Migrate ${wantedText(state)} → where?`, bold: true }, { text: "  1 of 4  Store", dimColor: true });
  return <Pane title={title} rows={[...shown, ...news]} room={room} />;
}
