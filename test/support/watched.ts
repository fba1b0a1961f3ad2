import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { track } from "./children.ts";
import { DEEP } from "./deep.ts";
import { startRecording } from "./recording.mjs";
import { fitsThisProcess, runHere } from "./run-here.ts";
import { startSampling, type Shown } from "./sampled.ts";
import { answered, MAIN, type Ran, type World } from "./world.ts";

const HOOK = fileURLToPath(new URL("record-hook.mjs", import.meta.url));

export type WatchedRan = Ran & {
  /** Writes to files and process starts; if sampled, what every process that began meanwhile showed of itself. */
  readonly shown: readonly Shown[];
};

export type WatchOptions = {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly stdin?: string;
  readonly nodeArgs?: readonly string[];
  /** Called with all of stderr so far, to send a signal at the right moment. */
  readonly onStderr?: (said: string, pid: number) => void;
  /** Samples every process that begins meanwhile, the engine's too. Costs a processor, so the deep tier alone always does. */
  readonly sampled?: boolean;
};

/**
 * Runs unsprawl while its file writes and process starts are recorded and, if asked for, processes are sampled. What is
 * sampled has a process of its own, which others could look at, and so has everything in the deep tier.
 */
export async function watched(world: World, typed: readonly string[], options: WatchOptions = {}): Promise<WatchedRan> {
  const args = answered(typed);
  const { env, stdin = "", onStderr, nodeArgs, sampled = DEEP } = options;
  const given = { cwd: world.dir, env: { ...world.env, ...env }, stdin };
  const plain = !sampled && onStderr === undefined && nodeArgs === undefined;
  if (plain && fitsThisProcess(args, given.env)) {
    const shown: Shown[] = [];
    const around = (): (() => void) =>
      startRecording((kind, what, data) => shown.push({ where: `${kind} ${what}`, text: data }));
    const ran = await runHere(dirname(MAIN), args, { ...given, around });
    if (ran !== null) return { ...ran, shown };
  }
  return watchedProcess(world, args, options);
}

function watchedProcess(world: World, args: readonly string[], options: WatchOptions): Promise<WatchedRan> {
  const folder = mkdtempSync("/dev/shm/unsprawl-record-");
  const record = join(folder, "seen");
  const env = { ...world.env, RECORD_FILE: record, ...options.env };
  const sampling = (options.sampled ?? DEEP) ? startSampling() : null;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--import", HOOK, ...(options.nodeArgs ?? []), MAIN, ...args], {
      cwd: world.dir,
      env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    track(child);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("utf8");
      options.onStderr?.(stderr, child.pid ?? 0);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    child.on("error", (error) => {
      sampling?.stop();
      fail(error);
    });
    child.on("close", (code, signal) => {
      const shown = [...(sampling?.stop() ?? []), ...recorded(record)];
      rmSync(folder, { recursive: true });
      done({ code, signal, stdout, stderr, shown });
    });
  });
}

function recorded(file: string): Shown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const { kind, what, data } = JSON.parse(line) as { kind: string; what: string; data: string };
      return { where: `${kind} ${what}`, text: data };
    });
}
