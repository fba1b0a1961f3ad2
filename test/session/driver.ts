import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { shellWord } from "../../src/kit/shell.ts";

/** The build that `npm test` makes. */
const BUILT = [process.execPath, fileURLToPath(new URL("../../dist/main.js", import.meta.url))];

/** Programs start faster with what earlier ones have compiled; each home's own cache is empty. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/unsprawl-compiled", import.meta.url));

/** Ends what hangs: a busy machine takes long. */
const LIMIT_MS = 120_000;

/** Keys as a terminal sends them. */
export const KEY = {
  enter: "\r",
  esc: "\u001b",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  tab: "\t",
  ctrlU: "\u0015",
  pageDown: "\u001b[6~",
  ctrlC: "\u0003",
  ctrlD: "\u0004",
  ctrlZ: "\u001a",
} as const;

/** `unsprawl` on a terminal of its own: what a person types, and what they see. */
export type Terminal = {
  /** One key, or text typed key by key. */
  press(keys: string): Promise<void>;
  /** Text that is pasted, as a terminal with bracketed paste sends it. */
  paste(text: string): void;
  /** Bytes as they are, all at once. */
  write(bytes: string): void;
  /** Waits until the screen shows this; throws with the screen. */
  until(text: string | RegExp): Promise<void>;
  screen(): string;
  resize(columns: number, rows: number): Promise<void>;
  /** Waits for the end; returns the exit code. */
  exit(): Promise<number>;
  kill(signal: string): void;
  /** The window is closed: the terminal is gone, and nobody reads what is written. */
  closeWindow(): void;
  running(): boolean;
  readonly pid: number;
  /** Every byte that the program wrote. */
  raw(): string;
  /** How the program left the terminal. */
  left(): Left;
  close(): void;
};

export type Left = {
  readonly alternate: boolean;
  readonly cursorHidden: boolean;
  readonly pasteMode: boolean;
  readonly wraps: boolean;
};

/** As every terminal is before a program begins. */
export const SANE: Left = { alternate: false, cursorHidden: false, pasteMode: false, wraps: true };

export type Home = {
  readonly dir: string;
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** What starts the program: its own path, or Node and a script. */
  readonly program: readonly string[];
  remove(): void;
};

/** A person's machine: folders of its own, so that no test sees another's state, keys or configuration. */
export function makeHome(dockerHost: string, program: readonly string[] = BUILT): Home {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-session-"));
  const cwd = join(dir, "work");
  const runtime = mkdtempSync("/dev/shm/unsprawl-");
  mkdirSync(cwd);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    DOCKER_HOST: dockerHost,
    XDG_STATE_HOME: join(dir, "state"),
    XDG_CONFIG_HOME: join(dir, "config"),
    UNSPRAWL_RUNTIME_DIR: runtime,
    SOPS_AGE_KEY_FILE: join(dir, "age.txt"),
    NODE_COMPILE_CACHE: COMPILED,
  };
  return {
    dir,
    cwd,
    env,
    program,
    remove() {
      rmSync(dir, { recursive: true, force: true });
      rmSync(runtime, { recursive: true, force: true });
    },
  };
}

/** Starts the program, without arguments unless a story is about one. */
export function start(
  columns: number,
  rows: number,
  home: Home,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Terminal {
  const [program = "", ...words] = home.program;
  return open(program, [...words, ...args], columns, rows, home, env);
}

/** A shell with job control, in which a person has typed the program's name. */
export function startInShell(columns: number, rows: number, home: Home, flags: string): Terminal {
  const terminal = open("/bin/bash", ["--norc", "--noprofile", "--noediting", "-i"], columns, rows, home, {
    PS1: "$ ",
  });
  terminal.write(`${home.program.map(shellWord).join(" ")} ${flags}; test $? -eq 0 || exit 1\r`);
  return terminal;
}

function open(
  program: string,
  args: readonly string[],
  columns: number,
  rows: number,
  home: Home,
  env: Record<string, string>,
): Terminal {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const child = spawn(program, [...args], {
    cols: columns,
    rows,
    cwd: home.cwd,
    env: { ...home.env, ...env },
    name: env["TERM"] ?? "xterm-256color",
  });
  let bytes = "";
  let parsed: Promise<void> = Promise.resolve();
  child.onData((data) => {
    bytes += data;
    parsed = new Promise((resolve) => screen.write(data, resolve));
  });
  const ended = new Promise<number>((resolve) =>
    child.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode)),
  );

  // A frame arrives in pieces of 4 kB: what is asserted about a screen is about a whole one.
  const inFrame = (): boolean => bytes.lastIndexOf("\u001b[?2026h") > bytes.lastIndexOf("\u001b[?2026l");
  const text = (): string => {
    const { active } = screen.buffer;
    const lines = Array.from(
      { length: screen.rows },
      (_, at) => active.getLine(active.viewportY + at)?.translateToString(true) ?? "",
    );
    return lines.join("\n").trimEnd();
  };
  return {
    async press(keys) {
      for (const key of keys.startsWith("\u001b") ? [keys] : keys) {
        child.write(key);
        // A person's pace: a lone Escape must not become the start of the next key.
        await sleep(60);
      }
    },
    write: (sent) => child.write(sent),
    paste: (pasted) => child.write(`\u001b[200~${pasted}\u001b[201~`),
    async until(wanted) {
      const end = Date.now() + LIMIT_MS;
      for (;;) {
        await parsed;
        const now = text();
        const is = typeof wanted === "string" ? now.includes(wanted) : wanted.test(now);
        if (is && !inFrame()) return;
        if (Date.now() > end) throw new Error(`the screen does not show ${String(wanted)}:\n${now}`);
        await sleep(25);
      }
    },
    screen: text,
    async resize(toColumns, toRows) {
      screen.resize(toColumns, toRows);
      child.resize(toColumns, toRows);
      await sleep(150);
    },
    async exit() {
      const stop = new AbortController();
      const late = sleep(LIMIT_MS, null, { signal: stop.signal });
      const code = await Promise.race([ended, late]);
      stop.abort();
      await late.catch(() => null);
      if (code === null) throw new Error(`the program does not end:\n${text()}`);
      await parsed;
      return code;
    },
    kill: (signal) => child.kill(signal),
    closeWindow: () => (child as unknown as { destroy(): void }).destroy(),
    pid: child.pid,
    running() {
      try {
        process.kill(child.pid, 0);
        return true;
      } catch {
        return false;
      }
    },
    raw: () => bytes,
    left() {
      return {
        alternate: screen.buffer.active.type === "alternate",
        cursorHidden: bytes.lastIndexOf("\u001b[?25l") > bytes.lastIndexOf("\u001b[?25h"),
        pasteMode: bytes.lastIndexOf("\u001b[?2004h") > bytes.lastIndexOf("\u001b[?2004l"),
        wraps: screen.modes.wraparoundMode,
      };
    },
    close() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      screen.dispose();
    },
  };
}
