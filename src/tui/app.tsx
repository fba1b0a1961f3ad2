/**
 * The terminal UI as Ink runs it: keys and pasted text go to the session, and what it shows is drawn whenever it has
 * changed. Ink owns the terminal's other screen, raw mode and the cursor; `terminal.ts` what Ink leaves alone.
 */
import type { ReadStream, WriteStream } from "node:tty";
import { render, useApp, useInput, usePaste, useStdin, type Instance } from "ink";
import { Component, useEffect, useLayoutEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { answers, paste, press } from "./actions.ts";
import { click } from "./click.ts";
import { Screen } from "./components/screen.tsx";
import { SurfaceContext, type ListTop, type Surface } from "./components/surface.ts";
import { keyNames } from "./keys.ts";
import { lookOf } from "./look.ts";
import { FRAME_ROWS, tooSmall, type Size } from "./screens/frame.ts";
import { roomsOf, scrollEnd } from "./screens/rooms.ts";
import type { TerminalSession } from "./session.ts";
import { openModes, sizeOf, stopped, wantsStyles, watchMouse, type TerminalModes } from "./terminal.ts";
import type { Guard } from "./widgets/text.ts";
import type { ScreenLayout } from "./moves.ts";

export type App = {
  /** Rejects if a screen or a key fails; never resolves. */
  readonly failed: Promise<never>;
  /** Restores the terminal, and wipes what was shown. */
  close(): void;
};

type Streams = { readonly stdin: ReadStream; readonly stdout: WriteStream };

/** Moves to the first row and erases all of them. */
const WIPE = "\u001b[H\u001b[J";

/** Changes that come faster than this are drawn together. */
const FRAMES_PER_SECOND = 60;

/** Draws the first frame before it returns. */
export function openApp(session: TerminalSession, { stdin, stdout }: Streams = process): App {
  const { assembly } = session;
  const guard: Guard = (text) => assembly.redactor.guard(text);
  session.store.set(() => ({ look: lookOf(assembly.env, wantsStyles(stdout, assembly.env)) }));
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // It may reject before anybody waits for it.
  failed.catch(() => undefined);
  const modes = openModes(stdout);
  const listTop: ListTop = { from: 0 };
  const tree = (): ReactNode => (
    <FailureBoundary fail={fail}>
      <Keys session={session} size={() => sizeOf(stdout)} guard={guard} modes={modes} fail={fail} listTop={listTop} />
      <SessionScreen session={session} size={sizeOf(stdout)} guard={guard} listTop={listTop} />
    </FailureBoundary>
  );
  let ink: Instance | null = null;
  // Before Ink's listener: a frame of the old size would scroll a smaller terminal. Terminals differ in which rows they
  // keep, and in where the cursor is then: the next frame begins on an empty screen.
  const resized = (): void => {
    ink?.clear();
    stdout.write(WIPE);
    ink?.rerender(tree());
  };
  stdout.on("resize", resized);
  ink = render(tree(), {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: FRAMES_PER_SECOND,
    // Ctrl-C is handled here: a run must be put back before the process ends.
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    isScreenReaderEnabled: false,
  });
  ink.waitUntilExit().catch(fail);
  const close = (): void => {
    stdout.off("resize", resized);
    process.off("exit", close);
    // Wiped first, or Ink leaves the last frame on the other screen.
    ink?.clear();
    ink?.unmount();
    modes.restore();
  };
  // Whatever ends the process: a terminal does not leave the other screen by itself.
  process.on("exit", close);
  return { failed, close };
}

type SessionScreenProps = {
  readonly session: TerminalSession;
  readonly size: Size;
  readonly guard: Guard;
  readonly listTop: ListTop;
};

function SessionScreen({ session: { store }, size, guard, listTop }: SessionScreenProps) {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const { theme, links } = state.look;
  const surface = useMemo((): Surface => ({ guard, theme, links, listTop }), [guard, theme, links, listTop]);
  return (
    <SurfaceContext value={surface}>
      <Screen state={state} size={size} />
    </SurfaceContext>
  );
}

type KeysProps = {
  readonly session: TerminalSession;
  readonly size: () => Size;
  readonly guard: Guard;
  readonly modes: TerminalModes;
  readonly fail: (error: unknown) => void;
  readonly listTop: ListTop;
};

function Keys({ session, size, guard, modes, fail, listTop }: KeysProps): null {
  const { suspendTerminal } = useApp();
  useEffect(() => session.store.subscribe(() => modes.mouse(session.store.get().look.mouse)), [session, modes]);
  // Ink also handles signals that end the process, before other handlers could run.
  useLayoutEffect(() => () => modes.restore(), [modes]);
  useEffect(() => {
    session.handOver = async (act) => {
      session.away = true;
      await away(act).finally(() => (session.away = false));
    };
    return () => {
      session.handOver = null;
    };
  });
  const away = (act: () => Promise<void>): Promise<void> => {
    modes.restore();
    return suspendTerminal(act).finally(() => modes.set());
  };
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      fail(error);
    }
  };
  useInput((input, key) =>
    guarded(() => {
      const names = keyNames(input, key);
      if (names[0] !== "ctrl-z") return pressed(session, names, size(), guard);
      session.store.set(() => ({ revealed: null }));
      // A suspended run would hold the engine's lock, and leave a container half recreated.
      if (!session.jobs.has("run")) void away(stopped);
    }),
  );
  const { stdin } = useStdin();
  const layout = (): ScreenLayout => layoutOf(session, size(), guard);
  useEffect(() =>
    watchMouse(stdin, {
      turn: (name) => guarded(() => press(session, name, layout())),
      click: (cell) => guarded(() => click(session, cell, listTop.from, layout(), size(), guard)),
    }),
  );
  usePaste((text) => guarded(() => paste(session, text)));
  return null;
}

/** Keys that arrived in one piece, as the keymap names them. */
function pressed(session: TerminalSession, names: readonly string[], size: Size, guard: Guard): void {
  for (const name of names)
    if (names.length === 1 || !answers(session.store.get(), name)) press(session, name, layoutOf(session, size, guard));
}

function layoutOf({ store }: TerminalSession, size: Size, guard: Guard): ScreenLayout {
  const { panes } = roomsOf(store.get(), size, guard);
  return {
    page: Math.max(1, (store.get().where === "browse" ? panes.list.rows : size.rows - FRAME_ROWS) - 1),
    get last() {
      return scrollEnd(store.get(), size, guard);
    },
    blind: tooSmall(size),
    wide: panes.shape !== "one",
  };
}

/** An exception in a screen is reported like any other error; Ink would show it with the code around it. */
class FailureBoundary extends Component<{ readonly fail: (error: unknown) => void; readonly children: ReactNode }> {
  static getDerivedStateFromError(): { readonly broken: true } {
    return { broken: true };
  }
  override readonly state = { broken: false };
  override componentDidCatch(error: unknown): void {
    this.props.fail(error);
  }
  override render(): ReactNode {
    return this.state.broken ? null : this.props.children;
  }
}
