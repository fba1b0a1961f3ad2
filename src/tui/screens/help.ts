import { bindings } from "../keymap.ts";
import { windowFrom } from "../widgets/window.ts";
import { layout, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenOf } from "./frame.ts";

/** Every key of the screen below it. */
export const help: ScreenOf = (state, { columns, rows }, guard) => {
  const lines = bindings(state.where).map((one): SpanLine =>
    wrapped(12, " ", { text: one.show.padEnd(11), bold: true }, one.long),
  );
  const { rows: body, below, last } = windowFrom(layout(lines, columns, guard), state.help ?? 0, rows);
  return {
    title: line({ text: " Keys", bold: true }, below > 0 ? `  ↓ ${below} more` : "", {
      text: "  esc closes",
      dimColor: true,
    }),
    body,
    last,
  };
};
