import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cmd } from "../../src/kit/shell.ts";
import { track } from "./children.ts";
import { fitsThisProcess, runHere } from "./run-here.ts";
import { plant, plantedIn } from "./planted.ts";

export const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** Programs start faster with what earlier ones have compiled; each world's home has nothing yet. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/unsprawl-compiled", import.meta.url));

export type Ran = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type World = {
  /** A fresh folder: working directory, state, configuration, keys. */
  readonly dir: string;
  /** On tmpfs. */
  readonly memory: string;
  readonly env: { [name: string]: string };
  /** What starts the program: its own path, or Node and a script. */
  readonly program: readonly string[];
  /**
   * Runs the built program, in this process where it makes no difference; `env` adds to (or, with undefined, takes from)
   * the world's. Fails if it prints a planted secret, plain or encoded, that is not among those that it `shows`.
   */
  unsprawl(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Secrets, by name, that no command may print. Those that `secrets.ts` makes are planted already. */
  plant(secrets: { readonly [name: string]: string }): void;
  remove(): void;
};

type RunOptions = {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly stdin?: string;
  readonly nodeArgs?: readonly string[];
  /** The words that start it from elsewhere. */
  readonly program?: readonly string[];
  readonly killAfterMs?: number;
  /** Ended once it has worked for so long, however busy the machine is. */
  readonly killAfterCpuSeconds?: number;
  /** The secrets that this command prints on purpose. */
  readonly shows?: readonly string[];
  /** This command prints secrets on purpose. */
  readonly mayShow?: boolean;
  /** The words as they are, without the `--yes` that a script gives to what asks on a terminal. */
  readonly asIs?: boolean;
};

/** The options of a command that need no process of its own. */
const HERE = new Set(["env", "stdin", "shows", "mayShow", "asIs"]);

/**
 * Everything one test's unsprawl may touch, apart from all others. Its folder is trusted unless `trusted` is false.
 * `packaged` is the one-file executable, which then runs in place of the build.
 */
export function makeWorld(
  dockerHost: string,
  more: { readonly [name: string]: string } = {},
  { trusted = true, packaged }: { readonly trusted?: boolean; readonly packaged?: string } = {},
): World {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-world-"));
  const memory = mkdtempSync("/dev/shm/unsprawl-test-");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    DOCKER_HOST: dockerHost,
    XDG_STATE_HOME: join(dir, "state"),
    XDG_CONFIG_HOME: join(dir, "config"),
    UNSPRAWL_RUNTIME_DIR: memory,
    UNSPRAWL_RUNTIME_HOME: join(dir, "runtime"),
    SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt"),
    NODE_COMPILE_CACHE: COMPILED,
    ...more,
  };
  if (trusted) trustFolder(env.XDG_CONFIG_HOME, dir);
  // A credential of a store is as secret as what the store keeps.
  for (const [name, value] of Object.entries(more))
    if (/TOKEN$|PASSWORD$|SECRET/.test(name) && /^[^/]{16,}$/.test(value)) plant(name, value);
  return {
    dir,
    memory,
    env,
    program: packaged === undefined ? [process.execPath, MAIN] : [packaged],
    async unsprawl(given, options = {}) {
      const args = options.asIs === true ? given : answered(given);
      const how = { cwd: dir, env: { ...env, ...options.env }, stdin: options.stdin ?? "" };
      const built = packaged === undefined;
      const here = built && Object.keys(options).every((name) => HERE.has(name)) && fitsThisProcess(args, how.env);
      const words = built ? [process.execPath, ...(options.nodeArgs ?? []), MAIN] : [packaged];
      const ran =
        (here ? await runHere(dirname(MAIN), args, how) : null) ??
        (await run([...(options.program ?? words), ...args], { ...options, ...how }));
      if (options.mayShow !== true) checkQuiet(ran, args, options.shows);
      return ran;
    },
    plant(secrets) {
      for (const [name, value] of Object.entries(secrets)) plant(name, value);
    },
    remove() {
      rmSync(dir, { recursive: true, force: true });
      rmSync(memory, { recursive: true, force: true });
    },
  };
}

/** The words with `--yes` for what asks on a terminal, as a script has to have it. */
export function answered(args: readonly string[]): readonly string[] {
  const [verb = "", action = ""] = args;
  const asks =
    ["apply", "resume", "rollback", "scrub", "trust"].includes(verb) ||
    (verb === "runtime" && action !== "status") ||
    (verb === "stores" && action === "rewrap");
  const without = ["--yes", "-y", "--dry-run", "--list", "--print", "--remove"];
  return asks && !args.some((one) => without.includes(one)) ? [...args, "--yes"] : args;
}

/** Puts the built program into this folder, as `unsprawl`. `words` start it from elsewhere. */
export function putProgram(folder: string, [node, main]: readonly [string, string] = [process.execPath, MAIN]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "unsprawl"), cmd`#!/bin/sh\nexec ${node} ${main} "$@"\n`, { mode: 0o755 });
}

/** Fails, without the value, if a program printed a planted secret. */
function checkQuiet(ran: Ran, args: readonly string[], shows: readonly string[] = []): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const found = plantedIn(ran[stream], shows);
    if (found.length === 0) continue;
    const hidden = args.map((one) => (plantedIn(one).length > 0 ? "…" : one)).join(" ");
    throw new Error(`${stream} of "unsprawl ${hidden}" shows ${found.join(", ")}`);
  }
}

/** Whatever the `unsprawl.yaml` of this folder says counts from now on, for who has this `XDG_CONFIG_HOME`. */
export function trustFolder(configHome: string, folder: string): void {
  mkdirSync(join(configHome, "unsprawl"), { recursive: true, mode: 0o700 });
  const folders = { [realpathSync(folder)]: "*" };
  writeFileSync(join(configHome, "unsprawl/trusted.json"), JSON.stringify({ version: 1, folders }), { mode: 0o600 });
}

/** Runs a program to its end and gives back all that it wrote. */
function run(
  command: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: { readonly [name: string]: string | undefined };
    readonly stdin?: string;
    readonly killAfterMs?: number;
    readonly killAfterCpuSeconds?: number;
  },
): Promise<Ran> {
  const seconds = options.killAfterCpuSeconds;
  const limit = seconds === undefined ? [] : ["sh", "-c", `ulimit -t ${seconds}; exec "$@"`, "sh"];
  const [program = "", ...args] = [...limit, ...command];
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
    track(child);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.stdin.on("error", () => undefined); // a program that does not read its input
    child.stdin.end(options.stdin ?? "");
    if (options.killAfterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), options.killAfterMs).unref();
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
}
