/*
 * What is shown, one file per screen: a pure function from state to lines. Nothing is asked, read or changed here.
 */
import { type KeyScope } from "../keymap.ts";
import type { TuiState } from "../state.ts";
import { TONE } from "../theme.ts";
import { layout, line, wrapped, type Guard, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { browse } from "./browse.ts";
import { form } from "./form.ts";
import { FRAME_ROWS, SMALLEST, tooSmall, type Screen, type ScreenOf, type Size } from "./frame.ts";
import { footer } from "./footer.ts";
import { header } from "./header.ts";
import { help } from "./help.ts";
import { plan } from "./plan.ts";
import { promptLines } from "./prompt.ts";
import { proof } from "./proof.ts";
import { receipts } from "./receipts.ts";
import { revealRows } from "./reveal.ts";
import { run } from "./run.ts";
import { runs } from "./runs.ts";
import { stores } from "./stores.ts";

const SCREENS: { readonly [where in KeyScope]: ScreenOf } = {
  browse,
  detail: browse,
  facets: browse,
  stores,
  form,
  plan,
  run,
  proof,
  runs,
  receipts,
};

/** `last` is how far the text on the screen can be scrolled. */
export type ScreenFrame = { readonly rows: readonly ScreenRow[]; readonly last: number };

/** The whole frame: exactly as many rows as the terminal has, none wider than it. */
export function frame(state: TuiState, size: Size, guard: Guard): ScreenFrame {
  if (tooSmall(size)) return { rows: larger(state, size, guard), last: 0 };
  const most = size.rows - FRAME_ROWS - 1;
  const news = state.revealed
    ? revealRows(state.revealed, size.columns, most)
    : layout(notice(state, guard), size.columns, guard).slice(0, most);
  const room = { columns: size.columns, rows: size.rows - FRAME_ROWS - news.length };
  const screen = state.help === null ? SCREENS[state.where](state, room, guard) : help(state, room, guard);
  const fixed = (one: SpanLine): ScreenRow => layout([one], size.columns, guard)[0] as ScreenRow;
  const body = screen.body.slice(0, room.rows);
  const empty = fixed(
    screen.split === undefined ? line() : line(" ".repeat(screen.split), { text: "│", dimColor: true }),
  );
  const rows = [
    fixed(header(state, size.columns)),
    "width" in screen.title ? screen.title : fixed(screen.title),
    fixed(rule(size.columns, screen, "┬")),
    ...body,
    ...Array.from({ length: room.rows - body.length }, () => empty),
    ...news,
    fixed(rule(size.columns, screen, "┴")),
    fixed(footer(state, size.columns)),
  ];
  return { rows, last: screen.last ?? 0 };
}

/** A question, a line being typed or news: shown whole, above the keys, however narrow the terminal is. */
function notice({ question, prompt, status }: TuiState, guard: Guard): SpanLine[] {
  if (question) return [wrapped(3, { text: " ? ", color: "yellow", bold: true }, { text: question.text, bold: true })];
  if (prompt) return promptLines(prompt, guard);
  return status ? [wrapped(1, { text: ` ${status.text}`, ...TONE[status.tone] })] : [];
}

function rule(columns: number, { split }: Screen, joint: string): SpanLine {
  const text =
    split === undefined
      ? "─".repeat(columns)
      : `${"─".repeat(split)}${joint}${"─".repeat(Math.max(0, columns - split - 1))}`;
  return line({ text, dimColor: true });
}

function larger(state: TuiState, { columns, rows }: Size, guard: Guard): ScreenRow[] {
  const lines = [
    line("too small: make it larger"),
    line(`${columns}×${rows}; ${SMALLEST.columns}×${SMALLEST.rows} is needed`),
    line(state.run && state.run.ended === null ? "the run goes on; ctrl-c calls it off" : "q quits"),
  ];
  return layout(lines, columns, guard).slice(0, rows);
}
