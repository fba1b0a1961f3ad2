import { isAvailable } from "../available.ts";
import { bindings, type KeyBinding } from "../keymap.ts";
import type { TuiState } from "../state.ts";
import { line, type SpanLine, type StyledSpan } from "../widgets/text.ts";

/** One line: the answers to a question, the filter being typed, or the keys that work here. */
export function footer(state: TuiState, columns: number): SpanLine {
  if (state.revealed) return line({ text: " any key", bold: true }, { text: " hides it", dimColor: true });
  if (state.question)
    return line(
      { text: " y", bold: true },
      { text: " yes ", dimColor: true },
      { text: " n", bold: true },
      { text: " no", dimColor: true },
    );
  if (state.prompt)
    return line(
      { text: " enter", bold: true },
      { text: " go on ", dimColor: true },
      { text: " esc", bold: true },
      { text: " back  ctrl-u clears", dimColor: true },
    );
  if (state.filtering)
    return line(
      { text: " / ", bold: true },
      state.filter,
      { text: "▏", dimColor: true },
      { text: "  enter keep  esc clear  several words: all of them  ! before one: without", dimColor: true },
    );
  return line(...keys(state, columns));
}

/** As many keys as fit; help and quit are always shown. */
function keys(state: TuiState, room: number): StyledSpan[] {
  const where = state.where;
  const shown = bindings(where).filter(
    (one) =>
      one.short !== null &&
      isAvailable(one.action, state) &&
      (state.help === null || ["help", "quit"].includes(one.action)),
  );
  const always = shown.filter((one) => ["help", "quit"].includes(one.action));
  let left = room - always.reduce((sum, one) => sum + size(one), 0) - 1;
  const fitting: KeyBinding[] = [];
  for (const one of shown) {
    if (always.includes(one)) continue;
    if (size(one) > left) break;
    left -= size(one);
    fitting.push(one);
  }
  return [...fitting, ...always].flatMap(({ show, action, short }): StyledSpan[] => {
    const marked = action === "migrate" && state.marked.size > 0 ? ` ${state.marked.size} marked` : "";
    return [
      { text: ` ${show}`, bold: true },
      { text: ` ${short ?? ""}${marked} `, dimColor: true },
    ];
  });
}

const size = ({ show, short, action }: KeyBinding): number =>
  show.length + (short ?? "").length + 3 + (action === "migrate" ? 9 : 0);
