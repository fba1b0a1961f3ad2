import type { RunState } from "../state.ts";
import { STEP } from "../theme.ts";
import { bar, seconds } from "../widgets/bar.ts";
import { layout, line, type ScreenRow } from "../widgets/text.ts";
import { windowAround } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

/** Each step of a run as it happens. */
export function Run({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows } = room;
  const { run: now } = state;
  if (now === null) return <Pane title={line(" Run")} rows={[]} room={room} />;
  const { from, to } = windowAround(now.steps.length, now.scroll ?? working(now), rows);
  const body = now.steps.slice(from, to).map(({ unit, text, state: is }): ScreenRow => {
    const { glyph, word, style } = STEP[is];
    return layout(
      [line(" ", { text: `${glyph} ${word.padEnd(8)}`, ...style }, { text: ` ${unit}  `, bold: is === "start" }, text)],
      columns,
      guard,
    )[0] as ScreenRow;
  });
  const progress =
    now.total > 0 ? `${bar(now.done, now.total, columns >= 80 ? 16 : 8)} ${now.done}/${now.total}  ` : "";
  const title = line(
    {
      text: now.kind === "apply" ? ` Apply → ${now.plan.store.name}  ` : ` ${WORD[now.kind]} ${now.plan.id}  `,
      bold: true,
    },
    progress,
    seconds(now.started, now.ended ?? state.now),
    now.kind !== "apply"
      ? { text: now.aborting ? "  ! cancelled: it stops after this container" : "", color: "yellow", bold: true }
      : now.aborting
        ? { text: "  ! cancelled: putting back what was begun", color: "yellow", bold: true }
        : { text: "  3 of 4", dimColor: true },
  );
  return <Pane title={title} rows={body} room={room} />;
}

function working({ steps, done }: RunState): number {
  const last = steps.findLastIndex(({ state }) => state !== "waiting");
  return Math.max(last, Math.min(done, steps.length - 1));
}

const WORD = { rollback: "Undo", scrub: "Scrub" } as const;
