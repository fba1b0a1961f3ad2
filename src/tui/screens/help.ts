import { bindings, type KeyScope } from "../keymap.ts";
import { last } from "../last.ts";
import { line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";

/** Every key of the screen below it. */
export function helpText(where: KeyScope, scroll: number): ScreenText {
  return {
    lines: helpLines(where),
    scroll,
    title: (below) =>
      line({ text: " Keys", bold: true }, below > 0 ? `  ↓ ${below} more` : "", {
        text: "  esc closes",
        dimColor: true,
      }),
  };
}

const helpLines = last((where: KeyScope) =>
  bindings(where).map((one): SpanLine => wrapped(14, " ", { text: one.show.padEnd(13), bold: true }, one.long)),
);
