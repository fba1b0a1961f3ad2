import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Programs that a test started and that still run, each with the test that did. */
const running = new Map<ChildProcess, string | null>();
/** The commands of this process that a test started and that have not ended. */
const commands = new Map<Promise<void>, string | null>();
let owner: string | null = null;

/** From now on, programs belong to this test; to none of them with null, as in a `beforeAll`. */
export function setOwner(test: string | null): void {
  owner = test;
}

export function track(child: ChildProcess): void {
  running.set(child, owner);
  child.once("close", () => running.delete(child));
  child.once("error", () => running.delete(child));
}

/** A command that runs in this process. It cannot be killed: when its test has ended, it is asked to stop. */
export function trackHere(command: Promise<unknown>): void {
  const settled = command.then(
    () => undefined,
    () => undefined,
  );
  commands.set(settled, owner);
  void settled.then(() => commands.delete(settled));
}

/**
 * Kills what a test left running, and all that it started, so that no lock of it is held: a test that timed out must not
 * make the next ones fail. Without a test, kills whatever any of them left.
 */
export async function endChildren(test?: string): Promise<void> {
  const here = [...commands].filter(([, by]) => test === undefined || by === test).map(([command]) => command);
  if (here.length > 0) process.emit("SIGTERM");
  await Promise.all(here.map((command) => Promise.race([command, sleep(5000)])));
  const left = [...running].filter(([, by]) => test === undefined || by === test).map(([child]) => child);
  await Promise.all(
    left.map(async (child) => {
      const gone = new Promise((done) => child.once("exit", done));
      for (const pid of withDescendants(child.pid)) kill(pid);
      if (child.exitCode === null && child.signalCode === null) await gone;
      running.delete(child);
    }),
  );
}

function withDescendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  return [pid, ...childrenOf(pid).flatMap(withDescendants)];
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}
