import type { WriteStream } from "node:tty";
import type { Size } from "./screens/frame.ts";
import { paint } from "./widgets/paint.ts";
import type { ScreenRow } from "./widgets/text.ts";

/** The terminal's other screen, which is ours from `enter` to `leave`. */
export type Terminal = {
  size(): Size;
  /**
   * Makes the screen show these rows with as few bytes as possible; does nothing while another program has the screen.
   */
  show(rows: readonly ScreenRow[]): void;
  enter(): void;
  /** Restores the terminal as it was before `enter`, and wipes what was shown. */
  leave(): void;
  onResize(listener: () => void): void;
  /** Leaves for good. */
  close(): void;
};

// The other screen, no cursor, pasted text distinguished from typed text. A row that a terminal takes for wider than we
// do ends at the edge: wrapped, it would push all the others.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?2004h\u001b[?7l";
const WIPE = "\u001b[H\u001b[J";
const LEAVE = `${WIPE}\u001b[?7h\u001b[?2004l\u001b[?25h\u001b[?1049l`;
/** Between these, a terminal that knows them shows nothing half drawn. */
const [BEGIN, END] = ["\u001b[?2026h", "\u001b[?2026l"];

export function openTerminal(stdout: WriteStream, env: NodeJS.ProcessEnv): Terminal {
  // NO_COLOR wins over settings that ask for colours; bold and inverse count as colours for people who set it on an odd
  // terminal.
  const styled = !env["NO_COLOR"] && stdout.hasColors(env);
  let shown: readonly ScreenRow[] | null = null;
  let ours = false;
  let resized: (() => void) | null = null;
  const forget = (): void => {
    shown = null;
    resized?.();
  };
  const leave = (): void => {
    if (!ours) return;
    ours = false;
    shown = null;
    stdout.write(LEAVE);
  };
  const terminal: Terminal = {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    show(rows) {
      if (!ours) return;
      const bytes = (shown === null ? WIPE : "") + paint(shown ?? [], rows, styled);
      shown = rows;
      if (bytes !== "") stdout.write(BEGIN + bytes + END);
    },
    enter() {
      if (ours) return;
      ours = true;
      stdout.write(ENTER);
    },
    leave,
    onResize(listener) {
      resized = listener;
    },
    close() {
      leave();
      stdout.off("resize", forget);
      process.off("exit", leave);
    },
  };
  stdout.on("resize", forget);
  // Whatever ends the process: a terminal does not leave the other screen by itself.
  process.on("exit", leave);
  return terminal;
}
