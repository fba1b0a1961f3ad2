import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { assemble } from "../../src/assembly/index.ts";
import { press } from "../../src/tui/actions.ts";
import { createSession, type TerminalSession } from "../../src/tui/session.ts";
import { HERE } from "../../src/tui/target.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";

/** A sitting on folders of its own, without a terminal: keys in, frames out. */
export type Sitting = {
  readonly session: TerminalSession;
  /** The project's folder. */
  readonly cwd: string;
  readonly state: string;
  /** Keys as the keymap names them; text is typed character by character. */
  readonly type: (...keys: readonly string[]) => void;
  readonly screen: (columns?: number, rows?: number) => string;
};

export function sit(state: Partial<TuiState>, env: NodeJS.ProcessEnv = {}): Sitting {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-sitting-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const cwd = join(dir, "project");
  mkdirSync(cwd);
  const home = { XDG_STATE_HOME: join(dir, "state"), XDG_CONFIG_HOME: join(dir, "config"), HOME: dir };
  const session = createSession(assemble({ ...home, ...env }, cwd, null), HERE);
  session.store.set(() => state);
  const { redactor } = session.assembly;
  return {
    session,
    cwd,
    state: join(dir, "state/unsprawl"),
    type(...keys) {
      for (const key of keys)
        for (const one of NAMED.test(key) ? [key] : Array.from(key, (char) => (char === " " ? "space" : char)))
          press(session, one, { page: 10, last: 50, blind: false, wide: true });
    },
    screen: (columns = 100, rows = 30) =>
      drawn(session.store.get(), { columns, rows }, { guard: (text) => redactor.guard(text) }).join("\n"),
  };
}

const NAMED = /^(enter|esc|space|backspace|left|right|home|end|up|down|tab|shift-tab|ctrl-.)$/;
