/**
 * What is typed, as Ink reads it: keys, pasted text, and the terminal's raw mode. Ink does not draw: it lays out every
 * cell of every frame again, which on a large terminal takes the time of several frames.
 */
import { Writable } from "node:stream";
import { render, useApp, useInput, usePaste } from "ink";
import { useEffect, useLayoutEffect } from "react";
import { keyNames } from "./keys.ts";
import type { TerminalSession } from "./session.ts";
import type { View } from "./view.ts";

export type Keyboard = {
  /** Rejects if Ink fails; otherwise resolves after `close`. */
  readonly ended: Promise<void>;
  close(): void;
};

export function openKeyboard(session: TerminalSession, view: View): Keyboard {
  const app = render(<Keys session={session} view={view} />, {
    stdout: nowhere(),
    // Ctrl-C is handled here: a run must be put back before the process ends.
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  });
  return { ended: app.waitUntilExit().then(() => undefined), close: () => app.unmount() };
}

function Keys({ session, view }: { readonly session: TerminalSession; readonly view: View }): null {
  const { suspendTerminal } = useApp();
  // Ink also handles signals that end the process, before other handlers could run.
  useLayoutEffect(() => () => view.close(), [view]);
  useEffect(() => {
    session.handOver = async (act) => {
      session.away = true;
      await view.away(() => suspendTerminal(act)).finally(() => (session.away = false));
    };
    return () => {
      session.handOver = null;
    };
  }, [session, view, suspendTerminal]);
  useInput((input, key) => {
    const names = keyNames(input, key);
    if (names[0] !== "ctrl-z") return view.keys(names);
    session.store.set(() => ({ revealed: null }));
    // A suspended run would hold the engine's lock, and leave a container half recreated.
    if (!session.jobs.has("run")) void view.away(() => suspendTerminal(stopped));
  });
  usePaste((text) => view.paste(text));
  return null;
}

/** A terminal that shows nothing. */
function nowhere(): NodeJS.WriteStream {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  return Object.assign(stream, { columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream;
}

/** Stops this process as the shell's Ctrl-Z does; resolves when it continues. */
function stopped(): Promise<void> {
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
