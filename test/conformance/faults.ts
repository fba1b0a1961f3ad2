import { expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import type { Fault } from "../support/fault-proxy.ts";
import { codeOf, ORIGIN, type Bench } from "./bench.ts";
import { openSpec, type StoreSpec } from "./spec.ts";

export type { Fault } from "../support/fault-proxy.ts";

/** A store whose network goes wrong at will, apart from every other case's. */
export type Faulty = {
  readonly spec: StoreSpec;
  /** The next `times` requests of this kind meet the fault. */
  next(fault: Fault, kind: "read" | "write", times: number): void;
  /** How many did. */
  met(): number;
  clear(): void;
  stop(): Promise<void>;
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

const WRITES: readonly (readonly [string, Fault, number])[] = [
  ["reset before it is done", { kind: "reset" }, 1],
  ["done, and its answer lost", { kind: "lost" }, 1],
  ["done, and its answer cut off", { kind: "cut" }, 1],
  ["done, and its answers lost each time", { kind: "lost" }, 1000],
  ["throttled once", { kind: "status", status: 429, retryAfter: 1 }, 1],
  ["refused for want of a leader", { kind: "status", status: 503, retryAfter: 1 }, 1],
];

/** What a broken network may do to a read or a write: cost time, and nothing else. The cases wait, so they run together. */
export function faultCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, failure } = bench;
  const each = bench.traits.oneFile ? test.sequential : test.concurrent;
  const behind = async (key: StoreKey, act: (faulty: Faulty, store: Provider) => Promise<void>): Promise<void> => {
    const faulty = await bench.world.faulty?.(key);
    if (faulty === undefined) throw new Error("this world has no network that goes wrong");
    try {
      await act(faulty, await openSpec(faulty.spec));
    } finally {
      faulty.clear();
      await faulty.stop();
    }
  };

  /** The value, or that it could not be had; `null` would mean absent. */
  const read = (store: Provider, key: StoreKey): Promise<Secret | string> =>
    store.get(key).then((found) => (found === null ? "absent" : found.value), codeOf);

  each("a server that does not answer is given up in time", async () => {
    const key = keyOf(subject());
    await put(key, fresh());
    await behind(key, async (faulty, store) => {
      faulty.next({ kind: "slow" }, "read", 1000);
      expect(await read(store, key)).toBe("unreachable");
    });
  });

  each.for(READS)(
    'a read through %s gives the value, or says why not; never "absent"',
    { timeout: 300_000 },
    async ([, fault, times]) => {
      const [key, value] = [keyOf(subject()), fresh()];
      await put(key, value);
      await behind(key, async (faulty, store) => {
        faulty.next(fault, "read", times);
        const found = await read(store, key);
        expect(faulty.met()).toBeGreaterThan(0);
        if (typeof found === "string") expect(["unreachable", "throttled"]).toContain(found);
        else expect(found).toEqual(value);
        // A server that asks to come back in a second is asked again.
        if (fault.kind === "status" && fault.retryAfter !== undefined && times === 1) expect(found).toEqual(value);
      });
    },
  );

  each.for(WRITES)(
    "a creation that is %s is there once, or not at all",
    { timeout: 300_000 },
    async ([, fault, times]) => {
      const [key, value, other] = [keyOf(subject()), fresh(), fresh()];
      await behind(key, async (faulty, store) => {
        faulty.next(fault, "write", times);
        const done = await store.put(key, value, null, ORIGIN).then(() => "written", codeOf);
        const met = faulty.met();
        faulty.clear();
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
    },
  );
}
