import { expect } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Secret } from "../../src/model/secret.ts";
import type { Fault } from "../support/fault-proxy.ts";
import type { Bench } from "./bench.ts";
import { openSpec } from "./spec.ts";

export type { Fault } from "../support/fault-proxy.ts";

/** How a store's network goes wrong at will. */
export type Faults = {
  /** The next `times` requests of this kind meet the fault. */
  next(fault: Fault, kind: "read" | "write", times: number): void;
  /** How many did. */
  met(): number;
  clear(): void;
};

/** What a broken network may do to a read or a write: cost time, and nothing else. */
export function faultCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, failure, onServer } = bench;
  const faults = (): Faults => bench.world.faults as Faults;

  /** The value, or that it could not be had; `null` would mean absent. */
  const read = async (key: ReturnType<Bench["keyOf"]>): Promise<Secret | string> => {
    const store = await openSpec(bench.world.faulty ?? bench.world.writer);
    try {
      const found = await store.get(key);
      return found === null ? "absent" : found.value;
    } catch (error) {
      return error instanceof UnsprawlError ? error.code : String(error);
    }
  };

  const READS: readonly (readonly [string, Fault, number])[] = [
    ["a connection that is reset once", { kind: "reset" }, 1],
    ["connections that are reset all the time", { kind: "reset" }, 1000],
    ["an answer that is cut off", { kind: "cut" }, 1],
    ["answers that are cut off all the time", { kind: "cut" }, 1000],
    ["429 with Retry-After", { kind: "status", status: 429, retryAfter: 1 }, 1],
    ["429 without", { kind: "status", status: 429 }, 1],
    ["429 all the time", { kind: "status", status: 429, retryAfter: 1 }, 1000],
    ["503 with Retry-After", { kind: "status", status: 503, retryAfter: 1 }, 1],
    ["503 all the time", { kind: "status", status: 503 }, 1000],
  ];

  for (const [what, fault, times] of READS)
    onServer(
      `a read through ${what} gives the value, or says why not; never "absent"`,
      { timeout: 60_000 },
      async () => {
        const [key, value] = [keyOf(subject()), fresh()];
        await put(key, value);
        faults().next(fault, "read", times);
        try {
          const found = await read(key);
          expect(faults().met()).toBeGreaterThan(0);
          if (typeof found === "string") expect(["unreachable", "throttled"]).toContain(found);
          else expect(found).toEqual(value);
          // A server that asks to come back in a second is asked again.
          if (fault.kind === "status" && fault.retryAfter !== undefined && times === 1) expect(found).toEqual(value);
        } finally {
          faults().clear();
        }
      },
    );

  onServer("a server that does not answer is given up in time", { timeout: 90_000 }, async () => {
    const key = keyOf(subject());
    await put(key, fresh());
    faults().next({ kind: "slow" }, "read", 1000);
    try {
      const began = Date.now();
      expect(await read(key)).toBe("unreachable");
      expect(Date.now() - began).toBeLessThan(60_000);
    } finally {
      faults().clear();
    }
  });

  const WRITES: readonly (readonly [string, Fault, number])[] = [
    ["reset before it is done", { kind: "reset" }, 1],
    ["done, and its answer lost", { kind: "lost" }, 1],
    ["done, and its answer cut off", { kind: "cut" }, 1],
    ["done, and its answers lost each time", { kind: "lost" }, 1000],
    ["throttled once", { kind: "status", status: 429, retryAfter: 1 }, 1],
    ["refused for want of a leader", { kind: "status", status: 503, retryAfter: 1 }, 1],
  ];

  for (const [what, fault, times] of WRITES)
    onServer(`a creation that is ${what} is there once, or not at all`, { timeout: 90_000 }, async () => {
      const [key, value, other] = [keyOf(subject()), fresh(), fresh()];
      const store = await openSpec(bench.world.faulty ?? bench.world.writer);
      faults().next(fault, "write", times);
      const done = await store.put(key, value, null, { runId: "20261125-000000-test", subject: "api" }).then(
        () => "written",
        (error: unknown) => (error instanceof UnsprawlError ? error.code : String(error)),
      );
      const met = faults().met();
      faults().clear();
      expect(met).toBeGreaterThan(0);
      expect(["written", "unreachable", "throttled", "conflict"]).toContain(done);
      const there = await bench.store.get(key);
      if (done === "written") expect(there?.value).toEqual(value);
      if (there === null) await put(key, value);
      else expect(there.value).toEqual(value);
      // Whoever comes next finds it there, and does not overwrite it.
      await failure(put(key, other), "conflict", other);
      expect((await bench.store.get(key))?.value).toEqual(value);
      const current = await bench.store.get(key);
      await put(key, other, current?.version ?? "");
      expect((await bench.store.get(key))?.value).toEqual(other);
    });
}
