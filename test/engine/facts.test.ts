import { afterEach, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { readFacts } from "../../src/engine/facts.ts";

// A plan reads many containers: the engine's info is asked once for those in a row, and never believed for long.

afterEach(() => void vi.useRealTimers());

/** An engine of which this answers `info`, and counts. */
function engineWith(answer: () => Promise<object>): { readonly engine: Engine; readonly asked: () => number } {
  const info = vi.fn<() => Promise<object>>(answer);
  const container = async (Id: string): Promise<object> => ({
    Id,
    Name: `/${Id}`,
    Image: "i",
    Config: {},
    HostConfig: {},
  });
  const connection = { via: "ssh", address: "ssh://elsewhere", user: null, host: "elsewhere" };
  const engine = { connection, info, container, image: async () => ({}) } as unknown as Engine;
  return { engine, asked: () => info.mock.calls.length };
}

const runtimes = async (engine: Engine, id: string): Promise<readonly string[]> =>
  (await readFacts(engine, id, "run")).subject.engineRuntimes;

it("containers in a row share one answer; a second later it is asked again, and the new runtimes are seen", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  let Runtimes: object = { runc: {} };
  const { engine, asked } = engineWith(async () => ({ Runtimes }));
  for (const id of ["a", "b", "c"]) expect(await runtimes(engine, id)).toEqual(["runc"]);
  expect(asked()).toBe(1);
  Runtimes = { runc: {}, unsprawl: {} };
  vi.advanceTimersByTime(1000);
  expect(await runtimes(engine, "a")).toEqual(["runc", "unsprawl"]);
  expect(asked()).toBe(2);
});

it("each engine has its own answer, and a failure is not one", async () => {
  const answers = [() => Promise.reject(new Error("away")), async () => ({ Runtimes: { one: {} } })];
  const { engine } = engineWith(async () => answers.shift()?.() ?? {});
  await expect(readFacts(engine, "a", "run")).rejects.toThrow("away");
  expect(await runtimes(engine, "a")).toEqual(["one"]);
  const other = engineWith(async () => ({ Runtimes: { two: {} } }));
  expect(await runtimes(other.engine, "a")).toEqual(["two"]);
});
