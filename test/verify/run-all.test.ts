import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { verifyAll, type VerifyOptions } from "../../src/verify/index.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { runAll } from "../../src/verify/run-all.ts";
import { live, type VerifyRequest } from "../../src/verify/types.ts";
import { askAll, type Vendor } from "../../src/verify/vendor.ts";
import { bearer, byStatus, get } from "../../src/verify/vendors/make.ts";
import { replying, withDouble } from "./double.ts";
import { itemOf, made, SAMPLES, type Sample } from "./samples.ts";

const never = new AbortController().signal;
const OPTIONS: VerifyOptions = { timeoutMs: 60_000, concurrency: 5, endpoints: {}, env: {} };

test("answers come in the items' order, each distinct secret is asked once", async () => {
  const sample = SAMPLES["npm"] as Sample;
  const [one, two] = [made(sample, 1), made(sample, 2)];
  await withDouble(replying({ status: 200, body: '{"username":"octo"}' }), async ({ url, received }) => {
    const told: number[][] = [];
    const said = await verifyAll(
      [one.item, itemOf("vault-token", "VAULT_TOKEN", "none"), two.item, itemOf("npm-token", "OTHER", one.part)],
      { ...OPTIONS, endpoints: { npm: url } },
      never,
      (done, total) => told.push([done, total]),
    );
    expect(said.map(({ state }) => state)).toEqual(["live", "unknown", "live", "live"]);
    expect(received).toHaveLength(2);
    expect(told.at(0)).toEqual([1, 4]);
    expect(told.at(-1)).toEqual([4, 4]);
  });
});

test("nothing to ask is no work", async () => {
  expect(
    await verifyAll([], OPTIONS, never, () => {
      throw new Error("nothing was done");
    }),
  ).toEqual([]);
});

/** Questions that note how many of them run at once, over all and at their host. */
function counted(hosts: readonly string[]): { questions: VerifyRequest[]; most: Map<string, number> } {
  const [now, most] = [new Map<string, number>(), new Map<string, number>()];
  const step = (host: string, by: number): void => {
    now.set(host, (now.get(host) ?? 0) + by);
    most.set(host, Math.max(most.get(host) ?? 0, now.get(host) ?? 0));
  };
  const questions = hosts.map((host, index) => ({
    key: String(index),
    host,
    async ask() {
      for (const one of ["all", host]) step(one, 1);
      await sleep(10 + (index % 3) * 5);
      for (const one of ["all", host]) step(one, -1);
      return live(String(index));
    },
  }));
  return { questions, most };
}

test("no more at once than told, and two at one host; a slow host holds up no other", async () => {
  const hosts = Array.from({ length: 40 }, (_, index) => (index < 20 ? "a" : `h${index % 5}`));
  const { questions, most } = counted(hosts);
  const said = await runAll(questions, OPTIONS, never, () => {});
  expect(said.map(({ why }) => why)).toEqual(hosts.map((_, index) => String(index)));
  expect(most.get("all")).toBe(5);
  expect(most.get("a")).toBe(2);
  expect(Math.max(...[...most].filter(([host]) => host.startsWith("h")).map(([, count]) => count))).toBeLessThan(3);
});

test("a check that breaks is unknown, and its error is not told", async () => {
  const question: VerifyRequest = {
    key: "1",
    host: "a",
    ask: () => Promise.reject(new Error("password is swordfish")),
  };
  expect(await runAll([question], OPTIONS, never, () => {})).toEqual([
    { state: "unknown", why: "the check itself failed" },
  ]);
});

test("stops at once when the caller does", async () => {
  const stop = new AbortController();
  const asked: string[] = [];
  const questions = ["1", "2", "3", "4"].map((key): VerifyRequest => ({
    key,
    host: "a",
    async ask() {
      asked.push(key);
      stop.abort();
      return live("before the stop");
    },
  }));
  const said = await runAll(questions, { ...OPTIONS, concurrency: 1 }, stop.signal, () => {});
  expect(asked).toEqual(["1"]);
  expect(said.map(({ state }) => state)).toEqual(["live", "unknown", "unknown", "unknown"]);
  expect(said[3]?.why).toBe("interrupted before it was checked");
});

/** A vendor whose regions do not know each other's keys. */
const regional = (bases: readonly string[]): Vendor => ({
  id: "regional",
  name: "Regional",
  rules: [],
  bases: () => bases,
  ask: ({ part }) => get("/me", bearer(part)),
  read: byStatus({ 200: () => "live", 401: "dead" }),
});

test.each([
  [[401, 200], "live", 2],
  [[200, 401], "live", 1],
  [[401, 401], "dead", 2],
  [[418, 401], "unknown", 2],
  [[401, 418], "unknown", 2],
] as const)("regions that answer %o: %s", async (statuses, state, asked) => {
  await withDouble(replying({ status: statuses[0] }), (one) =>
    withDouble(replying({ status: statuses[1] }), async (other) => {
      const given = { part: "x", name: "X", beside: () => null };
      const vendor = regional([one.url, other.url]);
      const ask = vendor.ask(given);
      if (typeof ask === "string") throw new Error(ask);
      const urls = vendor.bases(given).map((base) => new URL(ask.path, base));
      // A vendor's own servers are never on this machine.
      expect((await askAll(vendor, ask, urls, null, { ...OPTIONS, reach: NAMED }, never)).state).toBe(state);
      expect(one.received.length + other.received.length).toBe(asked);
    }),
  );
});
