import { answers, paste, press, type ScreenLayout } from "./actions.ts";
import { last } from "./last.ts";
import { FRAME_ROWS, tooSmall, WIDE, type Size } from "./screens/frame.ts";
import { frame } from "./screens/index.ts";
import type { TerminalSession } from "./session.ts";
import type { TuiState } from "./state.ts";
import type { Terminal } from "./terminal.ts";

/** A session on a terminal: drawn when something has changed, with typed keys passed to it. */
export type View = {
  /** Keys that arrived in one piece, as the keymap names them. */
  keys(names: readonly string[]): void;
  paste(text: string): void;
  /** Gives the screen to another program while `act` runs. */
  away(act: () => Promise<void>): Promise<void>;
  /** Rejects if a frame or a key fails; never resolves. */
  readonly failed: Promise<never>;
  close(): void;
};

/** Changes that come faster than this are drawn together. */
const FRAME_MS = 16;

/** Draws the first frame before it returns. */
export function openView(session: TerminalSession, terminal: Terminal): View {
  const { store, assembly } = session;
  const guard = (text: string): string => assembly.redactor.guard(text);
  const framed = last((state: TuiState, columns: number, rows: number) => frame(state, { columns, rows }, guard));
  const current = (): ReturnType<typeof frame> => {
    const { columns, rows } = terminal.size();
    return framed(store.get(), columns, rows);
  };
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // It may reject before anybody waits for it.
  failed.catch(() => undefined);
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      fail(error);
    }
  };

  let drawnAt = 0;
  let due: { readonly cancel: () => void } | null = null;
  const draw = (): void => {
    due?.cancel();
    due = null;
    drawnAt = performance.now();
    guarded(() => terminal.show(current().rows));
  };
  const soon = (): void => {
    if (due !== null) return;
    const wait = drawnAt + FRAME_MS - performance.now();
    // After a pause, the frame is drawn once all keys that arrived with this one have been handled.
    const timer = wait > 0 ? setTimeout(draw, wait) : null;
    const next = timer === null ? setImmediate(draw) : null;
    due = { cancel: () => (timer ? clearTimeout(timer) : next && clearImmediate(next)) };
  };
  const unsubscribe = store.subscribe(soon);
  terminal.onResize(draw);
  terminal.enter();
  draw();

  return {
    failed,
    keys: (names) =>
      guarded(() => {
        const room = roomOf(terminal.size(), () => current().last);
        for (const name of names) {
          if (names.length === 1 || !answers(store.get(), name)) press(session, name, room);
        }
      }),
    paste: (text) => guarded(() => paste(session, text)),
    async away(act) {
      terminal.leave();
      await act().finally(() => {
        terminal.enter();
        draw();
      });
    },
    close() {
      unsubscribe();
      due?.cancel();
      terminal.close();
    },
  };
}

/** How far the text scrolls is known from a frame, which is made only for keys that need it. */
function roomOf(size: Size, last: () => number): ScreenLayout {
  return {
    page: Math.max(1, size.rows - FRAME_ROWS - 1),
    get last() {
      return last();
    },
    blind: tooSmall(size),
    wide: size.columns >= WIDE,
  };
}
