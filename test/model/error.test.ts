import { expect, test } from "vitest";
import { isReplaced, subjectFault, unexpectedError, UnsprawlError } from "../../src/model/error.ts";
import { everySchedule } from "../../src/watch/schedule.ts";
import { watch } from "../../src/watch/loop.ts";

const gone = Object.assign(new Error("Cannot find module '/opt/unsprawl/scan-1a2b.js'"), {
  code: "ERR_MODULE_NOT_FOUND",
});
const UPDATED = { message: "unsprawl was updated while it ran", hint: "start it again" };

test("a package that was replaced under a running program is said, and stays with no subject", () => {
  expect(unexpectedError(gone)).toMatchObject(UPDATED);
  expect(() => subjectFault(gone)).toThrow(expect.objectContaining(UPDATED) as Error);
  // Once it is said, it is still known.
  expect(() => subjectFault(unexpectedError(gone))).toThrow(expect.objectContaining(UPDATED) as Error);
  expect([isReplaced(new UnsprawlError("absent", "no container")), isReplaced(new Error("x"))]).toEqual([false, false]);
  expect(subjectFault(new TypeError("x"))).toMatchObject({ message: "unexpected error (TypeError)" });
});

test("a watch ends then: whatever starts it again has the new version", async () => {
  const off = new AbortController();
  const tools = {
    waiting: () => undefined,
    failed: () => expect.unreachable(),
    round: async () => Promise.reject(gone),
  };
  const never = new Proxy(tools, { get: (all, key) => Reflect.get(all, key) ?? (() => Promise.reject(gone)) });
  const input = { schedule: everySchedule("1h"), sources: [], events: false } as never;
  await expect(watch(input, never as never, { signal: off.signal } as never)).rejects.toBe(gone);
  off.abort();
});
