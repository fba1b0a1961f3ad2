import { render, useApp, useInput, usePaste, useWindowSize, type Instance } from "ink";
import { useEffect, useMemo, useSyncExternalStore, type ReactElement } from "react";
import { paste, press } from "./actions.ts";
import { keyNames } from "./keys.ts";
import { FRAME_ROWS, tooSmall, WIDE } from "./screens/frame.ts";
import { frame } from "./screens/index.ts";
import type { Session } from "./session.ts";
import { Rows } from "./widgets/rows.tsx";

/** Draws a session on the alternate screen until it is unmounted. */
export function mount(session: Session): Instance {
  return render(<App session={session} />, {
    alternateScreen: true,
    incrementalRendering: true,
    // Keys that come fast are drawn within 16 ms of each other, not 33.
    maxFps: 60,
    // Ctrl-C is ours: a run must be put back before the process ends.
    exitOnCtrlC: false,
    interactive: true,
  });
}

function App({ session }: { readonly session: Session }): ReactElement {
  const { columns, rows } = useWindowSize();
  const state = useSyncExternalStore(session.store.subscribe, session.store.get);
  const { redactor } = session.assembly;
  const drawn = useMemo(
    () => frame(state, { columns, rows }, (text) => redactor.guard(text)),
    [state, columns, rows, redactor],
  );
  const { suspendTerminal } = useApp();
  useEffect(() => {
    session.handOver = async (act) => {
      session.away = true;
      await suspendTerminal(act).finally(() => (session.away = false));
    };
    return () => {
      session.handOver = null;
    };
  }, [session, suspendTerminal]);
  useInput((input, key) => {
    const names = keyNames(input, key);
    if (names[0] === "ctrl-z") {
      session.store.set(() => ({ revealed: null }));
      // A run that stands still would hold the engine's lock, and a container in between.
      if (!session.jobs.has("run")) void suspendTerminal(stopped);
      return;
    }
    const room = {
      page: Math.max(1, rows - FRAME_ROWS - 1),
      last: drawn.last,
      blind: tooSmall({ columns, rows }),
      wide: columns >= WIDE,
    };
    // What changes the world is typed alone: a burst of text with a `y` in it is not an answer.
    for (const name of names) {
      const { filtering, prompt } = session.store.get();
      const answers = prompt ? name === "enter" : name === "y" && !filtering;
      if (names.length === 1 || !answers) press(session, name, room);
    }
  });
  usePaste((text) => paste(session, text));
  return <Rows rows={drawn.rows} />;
}

/** Stops this process as the shell's Ctrl-Z does; resolves when it goes on. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    // Neither a paused stdin nor a signal's listener keeps the process alive.
    const alive = setInterval(() => undefined, 1000);
    process.once("SIGCONT", () => {
      clearInterval(alive);
      resolve();
    });
    // The whole group, as the terminal would: a wrapper (npx, npm) must stop too.
    process.kill(0, "SIGTSTP");
  });
}
