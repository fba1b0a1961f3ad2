import type { WriteStream } from "node:tty";
import type { Size } from "./screens/frame.ts";

/** What a terminal is set to while it is ours, besides what Ink sets. */
export type TerminalModes = {
  set(): void;
  restore(): void;
  /** Whether the terminal reports its mouse, which then selects no text. */
  mouse(wanted: boolean): void;
};

// A row that a terminal takes for wider than we do ends at the edge: wrapped, it would push all the others.
const [NO_WRAP, WRAP] = ["\u001b[?7l", "\u001b[?7h"];

// Buttons and the wheel, with positions as numbers (SGR).
const [MOUSE, NO_MOUSE] = ["\u001b[?1000h\u001b[?1006h", "\u001b[?1006l\u001b[?1000l"];

/** Rows that a turn of the wheel scrolls by. */
const TURN = 3;

/** What a mouse does: turns its wheel by a row, or clicks a cell with its left button. */
export type MouseUse = {
  readonly turn: (move: "up" | "down") => void;
  readonly click: (cell: { readonly column: number; readonly row: number }) => void;
};

/**
 * Reports each row that the wheel scrolls by, and each click. Ink reads the terminal, and hands on no report of a mouse: what it
 * reads is looked at on its way. The returned function ends that.
 */
export function watchMouse(stdin: NodeJS.ReadableStream, { turn, click }: MouseUse): () => void {
  const read = stdin.read.bind(stdin);
  const watched = (size?: number): string | Buffer => {
    const chunk: string | Buffer = read(size);
    const text = typeof chunk === "string" ? chunk : "";
    for (const [, button, column, row] of text.matchAll(/\u001b\[<(0|6[45]);(\d{1,5});(\d{1,5})M/g))
      if (button === "0") click({ column: Number(column) - 1, row: Number(row) - 1 });
      else for (let turned = 0; turned < TURN; turned++) turn(button === "64" ? "up" : "down");
    return chunk;
  };
  stdin.read = watched;
  return () => {
    // The stream's class has its own.
    if (stdin.read === watched) Reflect.deleteProperty(stdin, "read");
  };
}

/** Sets the modes at once. */
export function openModes(stdout: WriteStream): TerminalModes {
  let ours = false;
  let reports = false;
  const modes: TerminalModes = {
    set() {
      if (!ours) stdout.write(NO_WRAP + (reports ? MOUSE : ""));
      ours = true;
    },
    restore() {
      if (ours) stdout.write(WRAP + (reports ? NO_MOUSE : ""));
      ours = false;
    },
    mouse(wanted) {
      if (wanted !== reports && ours) stdout.write(wanted ? MOUSE : NO_MOUSE);
      reports = wanted;
    },
  };
  modes.set();
  return modes;
}

export function sizeOf(stdout: WriteStream): Size {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}

/**
 * NO_COLOR wins over settings that ask for colours; bold and inverse count as colours for people who set it on an odd
 * terminal.
 */
export function wantsStyles(stdout: WriteStream, env: NodeJS.ProcessEnv): boolean {
  return !env["NO_COLOR"] && stdout.hasColors(env);
}

/** Stops this process as the shell's Ctrl-Z does; resolves when it continues. */
export function stopped(): Promise<void> {
  return new Promise((resolve) => {
    // Neither a paused stdin nor a signal listener keeps the process alive.
    const alive = setInterval(() => undefined, 1000);
    process.once("SIGCONT", () => {
      clearInterval(alive);
      resolve();
    });
    // Stops the whole group, as the terminal would: a wrapper (npx, npm) must stop too.
    process.kill(0, "SIGTSTP");
  });
}
