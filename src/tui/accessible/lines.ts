import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A terminal as a place for lines: the terminal itself echoes and edits what is typed, and no escape is ever written. */
export type LineTerminal = {
  say(text: string): void;
  /**
   * The line typed after the question was put; null if the input has ended or `signal` cancelled it. A line that was
   * there before the question (typed ahead, pasted) answers nothing.
   */
  ask(question: string, signal?: AbortSignal): Promise<string | null>;
  /** Moves earlier output out of sight with empty lines: no escape is written, and the scrollback keeps it. */
  pushAway(): void;
  /** Gives the terminal to another program while `act` runs; output meanwhile comes after it. */
  away(act: () => Promise<void>): Promise<void>;
  /** Puts the open question again: other output came in between, or the process was suspended. */
  again(): void;
  readonly ended: () => boolean;
  close(): void;
};

/** A terminal delivers pasted text line by line: a question waits until nothing more arrives. */
const QUIET_MS = 50;

export function openLines(input: NodeJS.ReadStream, output: NodeJS.WriteStream): LineTerminal {
  // Not a terminal to readline: it would draw the line itself, with cursor moves.
  const reader = createInterface({ input, terminal: false });
  let open: { readonly question: string; readonly answer: (line: string | null) => void } | null = null;
  let ended = false;
  let stray = 0;
  let held: string[] | null = null;
  const write = (text: string): void => void (held === null ? output.write(text) : held.push(text));
  const settle = (line: string | null): void => {
    const asked = open;
    open = null;
    asked?.answer(line);
  };
  reader.on("line", (line) => {
    if (open) return settle(line);
    stray++;
    if (line.trim() !== "") output.write("Not taken: it was typed before it was asked for.\n");
  });
  reader.on("close", () => {
    ended = true;
    settle(null);
  });
  input.on("error", () => reader.close());
  return {
    say(text) {
      write(`${open ? "\n" : ""}${text}\n`);
    },
    async ask(question, signal) {
      for (let before = -1; before !== stray; await sleep(QUIET_MS)) before = stray;
      if (ended || signal?.aborted) return null;
      output.write(question);
      return new Promise<string | null>((resolve) => {
        const off = (): void => {
          output.write("\n");
          settle(null);
        };
        signal?.addEventListener("abort", off, { once: true });
        open = {
          question,
          answer(line) {
            signal?.removeEventListener("abort", off);
            resolve(line);
          },
        };
      });
    },
    pushAway() {
      write("\n".repeat(output.rows));
    },
    async away(act) {
      reader.pause();
      held = [];
      try {
        await act();
      } finally {
        const late = held.join("");
        held = null;
        output.write(late);
        reader.resume();
      }
    },
    again() {
      if (open) write(open.question);
    },
    ended: () => ended,
    close: () => reader.close(),
  };
}
