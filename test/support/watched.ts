import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MAIN, type Ran, type World } from "./world.ts";

const HOOK = new URL("record-hook.mjs", import.meta.url).pathname;
const OWN_NAMESPACE = readlinkSync("/proc/self/ns/pid");
const TICK_MS = 4;
const LOOKS = 50;

/** Something that unsprawl, or a process that it (or the engine) started, showed to the host for a moment. */
export type Shown = { readonly where: string; readonly text: string };

export type WatchedRan = Ran & {
  /** Arguments and environment of it and of every process that began meanwhile, writes to files, process starts. */
  readonly shown: readonly Shown[];
};

export type WatchOptions = {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly stdin?: string;
  readonly nodeArgs?: readonly string[];
  /** Called with all of stderr so far, to send a signal at the right moment. */
  readonly onStderr?: (said: string, pid: number) => void;
};

/** Runs unsprawl while its process tree is sampled and its file writes are recorded. */
export function watched(world: World, args: readonly string[], options: WatchOptions = {}): Promise<WatchedRan> {
  const record = join("/dev/shm", `unsprawl-record-${randomBytes(6).toString("hex")}`);
  const env = { ...world.env, RECORD_FILE: record, ...options.env };
  const before = new Set(readdirSync("/proc"));
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--import", HOOK, ...(options.nodeArgs ?? []), MAIN, ...args], {
      cwd: world.dir,
      env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const seen = new Map<string, Shown>();
    const ages = new Map<string, number>();
    const poll = setInterval(() => sample(before, ages, seen), TICK_MS);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("utf8");
      options.onStderr?.(stderr, child.pid ?? 0);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    child.on("error", fail);
    child.on("close", (code, signal) => {
      clearInterval(poll);
      const shown = [...seen.values(), ...recorded(record)];
      rmSync(record, { force: true });
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

/**
 * Reads command line and environment of every process that began since the watch did, but for what is inside a
 * container: its own descendants, and those of the engine, whose shims do not stay its children.
 */
function sample(before: ReadonlySet<string>, ages: Map<string, number>, seen: Map<string, Shown>): void {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || before.has(pid)) continue;
    const age = (ages.get(pid) ?? 0) + 1;
    ages.set(pid, age);
    // A process may become another program for a while after it began.
    if (age > LOOKS || !outsideContainers(pid)) continue;
    for (const what of ["cmdline", "environ"]) {
      const text = read(`/proc/${pid}/${what}`);
      if (text !== "") seen.set(`${what}\0${text}`, { where: `/proc/${pid}/${what}`, text });
    }
  }
}

function outsideContainers(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === OWN_NAMESPACE;
  } catch {
    return false;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
