import { runStateText, type RunSummary } from "../../core/journal/runs.ts";
import type { Style } from "../theme.ts";
import { countText } from "../widgets/bar.ts";
import { chosen, layout, line, wrapped, type ScreenRow } from "../widgets/text.ts";
import { windowAround } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

const STATES: { readonly [state in RunSummary["state"]]: Style & { readonly glyph: string } } = {
  running: { glyph: "▸", color: "cyan" },
  unfinished: { glyph: "!", color: "yellow", bold: true },
  done: { glyph: "✓", color: "blue" },
  failed: { glyph: "✗", color: "red" },
  cancelled: { glyph: "↶", color: "yellow" },
  "rolled back": { glyph: "↶", color: "yellow" },
  scrubbed: { glyph: "·", dimColor: true },
  unreadable: { glyph: "?", color: "red" },
};

/** What was done: the journal's runs, newest first, with the next command. */
export function Runs({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows } = room;
  const { list, at } = state.runs;
  const title = line({ text: " Runs", bold: true }, `  ${list.length}`);
  if (list.length === 0) {
    const nothing = layout([line(), line({ text: "  nothing was done yet", dimColor: true })], columns, guard);
    return <Pane title={title} rows={nothing} room={room} />;
  }
  const here = list[at];
  const next = layout(here ? [line(), wrapped(8, { text: "  next: ", bold: true }, nextOf(here))] : [], columns, guard);
  const { from, to } = windowAround(list.length, at, Math.max(1, rows - next.length));
  const wide = Math.max(12, ...list.map((one) => runStateText(one).length + 2));
  const body = list.slice(from, to).map((one, index): ScreenRow => {
    const { glyph, ...style } = STATES[one.state];
    const text = `${countText(one.secrets, "secret")} → ${one.store}  ${one.units.map(({ unit }) => unit).join(", ")}`;
    const row = layout(
      [
        line(
          from + index === at ? " ▸ " : "   ",
          { text: `${glyph} ${runStateText(one).padEnd(wide)}`, ...style },
          `${one.run}  `,
          text,
        ),
      ],
      columns,
      guard,
    )[0] as ScreenRow;
    return from + index === at ? chosen(row, columns) : row;
  });
  return <Pane title={title} rows={[...body, ...next]} room={room} />;
}

function nextOf({ state, next }: RunSummary): string {
  if (state === "done") return `u undoes it; S or ${next ?? ""} purges what it keeps`;
  if (state === "unfinished") return `R or ${next ?? ""} resumes it; u undoes it`;
  return next ?? "nothing is left to do";
}
