import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { FILE_ENV } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { KEY, makeHome, start, startInShell, type Home, type Terminal } from "./driver.ts";

export let engine: WorkerEngine;
export let home: Home;
export let secrets: string[] = [];
let open: Terminal[] = [];

/** Gives each story of a file an empty engine, which `unsprawl` without arguments scans as a whole, and a home. */
export function useStage(): void {
  beforeAll(async () => {
    engine = await workerEngine();
  });
  afterAll(() => engine?.clean());
  beforeEach(() => {
    home = makeHome(engine.host);
    secrets = [];
  });
  afterEach(() => {
    for (const terminal of open) {
      terminal.close();
      // Whatever a story did: no value may ever have gone to the terminal.
      for (const secret of secrets) expect(terminal.raw()).not.toContain(secret);
    }
    open = [];
    const ids = engine.docker("ps", "-aq").split("\n").filter(Boolean);
    if (ids.length > 0) engine.docker("rm", "-f", ...ids);
    home.remove();
  });
}

export function secret(prefix = ""): string {
  const value = randomBytes(18).toString("hex");
  secrets.push(value);
  return prefix + value;
}

export function container(
  name: string,
  env: Record<string, string>,
  image = FILE_ENV,
  more: readonly string[] = [],
  command: readonly string[] = ["sleep", "100000"],
): void {
  const flags = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker(
    "run",
    "-d",
    "--network",
    "none",
    "--stop-timeout",
    "1",
    "--name",
    name,
    ...flags,
    ...more,
    image,
    ...command,
  );
}

export function begin(
  columns: number,
  rows: number,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Terminal {
  const terminal = start(columns, rows, home, env, args);
  open.push(terminal);
  return terminal;
}

export function beginInShell(columns: number, rows: number, flags: string): Terminal {
  const terminal = startInShell(columns, rows, home, flags);
  open.push(terminal);
  return terminal;
}

/** All that could have changed: the containers as the engine has them, and the person's folder. */
export function world(): string {
  const ids = engine.docker("ps", "-aq", "--no-trunc").split("\n").filter(Boolean).sort();
  return `${engine.docker("inspect", ...ids)}\n${readdirSync(home.cwd, { recursive: true }).join("\n")}`;
}

/** Scans, chooses the one secret and `local`, and applies; ends while the container is being proven. */
export async function intoARun(terminal: Terminal): Promise<void> {
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until(/▸ working +tui-api +(?:waiting until the process|checking that) /);
}
