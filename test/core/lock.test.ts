import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockEngine, lockOwner } from "../../src/core/journal/lock.ts";
import { heldLocks } from "../support/locks.ts";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-lock-"));
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

const take = (breakLock = false): { release(): void } => lockEngine(state, "E", "run mine", breakLock);
const LOCKED = expect.objectContaining({ code: "locked" }) as Error;

describe("the lock of an engine", () => {
  test("is free, then held, then free again", () => {
    const lock = take();
    expect(lockOwner(state, "E")).toBe("run mine");
    expect(heldLocks(state)).toHaveLength(1);
    expect(() => take()).toThrow(LOCKED);
    expect(statSync(join(state, "lock")).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(join(state, "lock")))
      expect(statSync(join(state, "lock", file)).mode & 0o777, file).toBe(0o600);
    lock.release();
    lock.release();
    expect(lockOwner(state, "E")).toBeNull();
    take().release();
    expect(heldLocks(state)).toEqual([]);
  });

  test("says who holds it, and how to take it over", () => {
    const lock = take();
    expect(() => take()).toThrow(
      expect.objectContaining({
        code: "locked",
        message: expect.stringContaining(`run mine (process ${process.pid}`) as string,
        hint: expect.stringMatching(new RegExp(`kill ${process.pid}; .*--break-lock`)) as string,
      }) as Error,
    );
    lock.release();
  });

  test("of one engine is not that of another", () => {
    const [one, two] = [lockEngine(state, "A:B", "a", false), lockEngine(state, "A:C", "b", false)];
    one.release();
    two.release();
  });

  test("that another has broken is not released by the one before", () => {
    const mine = take();
    const theirs = take(true);
    mine.release();
    expect(lockOwner(state, "E")).toBe("run mine");
    expect(() => take()).toThrow(LOCKED);
    theirs.release();
    take().release();
    expect(heldLocks(state)).toEqual([]);
  });

  test("whose holder cannot be read is held anyway", () => {
    const lock = take();
    for (const name of readdirSync(join(state, "lock")).filter((one) => one.endsWith(".holder")))
      writeFileSync(join(state, "lock", name), "");
    expect(() => take()).toThrow(LOCKED);
    lock.release();
  });
});

describe("of many that race, exactly one wins", () => {
  const RACERS = 4;

  /** Threads that all try at the same instant, round after round; gives back how many won each. */
  async function race(rounds: number): Promise<number[]> {
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
    const url = new URL("../../src/core/journal/lock.ts", import.meta.url).href;
    const workers = Array.from(
      { length: RACERS },
      () => new Worker(code, { eval: true, execArgv: [], workerData: { url, state, gate, rounds } }),
    );
    const failed = new Promise<never>((_, fail) => workers.forEach((worker) => worker.once("error", fail)));
    const all = async (): Promise<number[]> => {
      const winners: number[] = [];
      for (let round = 1; round <= rounds; round++) {
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

  test("round after round", async () => {
    const winners = await race(60);
    expect(winners.filter((count) => count !== 1)).toEqual([]);
  });
});
