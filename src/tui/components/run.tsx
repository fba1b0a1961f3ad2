import { rotateSteps } from "../../rotate/plan-text.ts";
import { runLines, workingAt } from "../screens/run.ts";
import { bar, seconds } from "../widgets/bar.ts";
import { layout, line } from "../widgets/text.ts";
import { windowAround } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

/** A run as it happens: one line for each container, or each step. */
export function Run({ state, room }: ScreenProps) {
  const { guard } = useSurface();
  const { columns, rows } = room;
  const { run: now } = state;
  if (now === null) return <Pane title={line(" Run")} rows={[]} room={room} />;
  const lines = runLines(now, now.ended ?? state.now);
  const { from, to } = windowAround(lines.length, now.scroll ?? workingAt(now), rows);
  const body = layout(lines.slice(from, to), columns, guard);
  const progress =
    now.total > 0 ? `${bar(now.done, now.total, columns >= 80 ? 16 : 8)} ${now.done}/${now.total}  ` : "";
  const rotates = rotateSteps(now.plan.steps).length > 0;
  const title = line(
    {
      text:
        now.kind === "apply"
          ? ` ${rotates ? "Rotate in" : "Apply →"} ${now.plan.store.name}  `
          : ` ${WORD[now.kind]} ${now.plan.id}  `,
      bold: true,
    },
    progress,
    seconds(now.started, now.ended ?? state.now),
    now.aborting
      ? { text: `  ! cancelled: ${CANCELLED[now.kind]}`, color: "yellow", bold: true }
      : { text: now.kind === "apply" && !rotates ? "  3 of 4" : "", dimColor: true },
  );
  return <Pane title={title} rows={body} room={room} />;
}

const WORD = { rollback: "Undo", scrub: "Scrub" } as const;

const CANCELLED = {
  apply: "putting back what was begun",
  rollback: "it stops after this container",
  scrub: "it stops after this container",
} as const;
