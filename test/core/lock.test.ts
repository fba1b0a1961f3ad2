import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockEngine, lockOwner } from "../../src/core/lock.ts";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-lock-"));
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

const FILE = "engine-E.json";
const file = (): string => join(state, "locks", FILE);
const take = (breakLock = false): { release(): void } => lockEngine(state, "E", "run mine", breakLock);
const LOCKED = expect.objectContaining({ code: "locked" }) as Error;

/** As another process would have left it. */
function leave(owner: { readonly pid: number; readonly started?: string; readonly host?: string }): void {
  mkdirSync(join(state, "locks"), { recursive: true });
  writeFileSync(
    file(),
    JSON.stringify({ id: "theirs", started: started(owner.pid), host: hostname(), what: "run theirs", ...owner }),
  );
}

function started(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** The id of a process that has ended. */
const dead = (): number => spawnSync("true").pid;

describe("the lock of an engine", () => {
  test("is free, then held, then free again, and leaves nothing behind", () => {
    const lock = take();
    expect(lockOwner(state, "E")).toBe("run mine");
    expect(() => take()).toThrow(LOCKED);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    lock.release();
    expect(lockOwner(state, "E")).toBeNull();
    take().release();
    expect(readdirSync(join(state, "locks"))).toEqual([]);
  });

  test("says who holds it, and how to take it over", () => {
    leave({ pid: process.ppid });
    expect(() => take()).toThrow(
      expect.objectContaining({
        code: "locked",
        message: expect.stringContaining(`run theirs (process ${process.ppid}`) as string,
        hint: expect.stringContaining("--break-lock") as string,
      }) as Error,
    );
  });

  test("of one engine is not that of another", () => {
    const [one, two] = [lockEngine(state, "A:B", "a", false), lockEngine(state, "A:C", "b", false)];
    one.release();
    two.release();
  });

  test("of a process that has ended is taken over", () => {
    leave({ pid: dead() });
    take().release();
    expect(readdirSync(join(state, "locks"))).toEqual([]);
  });

  test("of a process whose id was given to another since is taken over", () => {
    leave({ pid: process.ppid, started: "1" });
    take().release();
  });

  test("of a living process is refused, unless it is broken", () => {
    leave({ pid: process.ppid });
    expect(() => take()).toThrow(LOCKED);
    expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({ id: "theirs" });
    take(true).release();
    expect(readdirSync(join(state, "locks"))).toEqual([]);
  });

  test("of another host cannot be judged, and is refused", () => {
    leave({ pid: dead(), host: "elsewhere" });
    expect(() => take()).toThrow(LOCKED);
    take(true).release();
  });

  test("that another took over is not released by the one before", () => {
    const mine = take();
    const theirs = take(true);
    mine.release();
    expect(() => take()).toThrow(LOCKED);
    theirs.release();
  });

  test("that was torn by a full disk is taken over", () => {
    mkdirSync(join(state, "locks"), { recursive: true });
    writeFileSync(file(), "");
    take().release();
  });
});

describe("of many that race, exactly one wins", () => {
  const RACERS = 4;

  /** Threads that all try at the same instant, round after round; gives back how many won each. */
  async function race(rounds: number, before: () => void): Promise<number[]> {
    const gate = new Int32Array(new SharedArrayBuffer(16)); // round, tries, winners, releases; all but winners only grow
    const code = `
      const { workerData: { url, state, gate, rounds } } = require("node:worker_threads");
      const reached = (at, count) => { for (let is = Atomics.load(gate, at); is < count; is = Atomics.load(gate, at)) Atomics.wait(gate, at, is, 50); };
      const add = (at) => { Atomics.add(gate, at, 1); Atomics.notify(gate, at); };
      import(url).then(({ lockEngine }) => {
        for (let round = 1; round <= rounds; round++) {
          reached(0, round);
          let lock = null;
          try { lock = lockEngine(state, "E", "run", false); add(2); } catch (error) { if (error.code !== "locked") throw error; }
          add(1);
          reached(1, round * ${RACERS}); // held until all have tried
          lock?.release();
          add(3);
        }
      });`;
    const url = new URL("../../src/core/lock.ts", import.meta.url).href;
    const workers = Array.from(
      { length: RACERS },
      () => new Worker(code, { eval: true, execArgv: [], workerData: { url, state, gate, rounds } }),
    );
    const failed = new Promise<never>((_, fail) => workers.forEach((worker) => worker.once("error", fail)));
    const all = async (): Promise<number[]> => {
      const winners: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        rmSync(file(), { force: true });
        before();
        Atomics.store(gate, 2, 0);
        Atomics.store(gate, 0, round);
        Atomics.notify(gate, 0);
        for (let is = Atomics.load(gate, 3); is < round * RACERS; is = Atomics.load(gate, 3))
          await Atomics.waitAsync(gate, 3, is, 50).value;
        winners.push(Atomics.load(gate, 2));
      }
      return winners;
    };
    try {
      return await Promise.race([all(), failed]);
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  }

  test("for a free lock", async () => {
    const winners = await race(300, () => mkdirSync(join(state, "locks"), { recursive: true }));
    expect(winners.filter((count) => count !== 1)).toEqual([]);
  });

  test("for the lock of a process that has ended", async () => {
    const pid = dead();
    const winners = await race(300, () => leave({ pid }));
    expect(winners.filter((count) => count !== 1)).toEqual([]);
  });
});
