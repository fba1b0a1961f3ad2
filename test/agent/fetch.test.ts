import { expect, it } from "vitest";
import { fetcher, type Fetched } from "../../src/agent/fetch.ts";
import type { AgentEvent, AgentTools, ServedConsumer } from "../../src/agent/tools.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";

// How the agent asks stores: rarely, each by itself, and without a word that is said twice.

type FakeStore = { value: string; version: string | null; fails: UnsprawlError | null; asked: number; read: number };

const fakeStore = (): FakeStore => ({ value: random(16), version: "1", fails: null, asked: 0, read: 0 });

/** Tools with these stores; whoever asks `slow` waits for ever. */
function toolsWith(stores: { readonly [name: string]: FakeStore }): { tools: AgentTools; told: AgentEvent[] } {
  const told: AgentEvent[] = [];
  const open = (name: string): Partial<Provider> => {
    const store = stores[name];
    const answer = async <T>(act: (own: FakeStore) => T): Promise<T> => {
      if (store === undefined) return new Promise(() => undefined);
      if (store.fails !== null) throw store.fails;
      return act(store);
    };
    return {
      target: { name, provider: name, settings: {} },
      parse: (reference) => ({ path: reference.split("#")[0] ?? "", field: reference.split("#")[1] ?? "" }),
      version: () => answer((own) => (own.asked++, own.version)),
      get: () => answer((own) => (own.read++, { value: Secret.of(own.value), version: "" })),
    };
  };
  const tools: Partial<AgentTools> = {
    stores: {
      store: async (name) => open(name) as Provider,
      storeOf: async ({ name }) => open(name) as Provider,
      resolve: async () => new Map(),
      know: () => undefined,
      known: () => ({ runs: [], key: null }),
    },
    key: fingerprintKey(Buffer.alloc(32, 1)),
    told: (event) => void told.push(event),
    forget: () => undefined,
  };
  return { tools: tools as AgentTools, told };
}

function consumer(name: string, store: string, fields: readonly string[] = ["A", "B"]): ServedConsumer {
  const values = fields.map((field) => ({ name: field, reference: `ref+${store}://${name}#${field}`, store }));
  return {
    key: name,
    files: false,
    consumer: {
      ...{ id: `container:${name}`, delivery: "shim", folder: "", owner: { uid: 0, gid: 0 }, script: false },
      ...{ values, onChange: null, stores: [] },
    },
  };
}

it("asks once a path, and reads values only after its version has changed", async () => {
  const vault = fakeStore();
  const { tools } = toolsWith({ vault });
  const got: Fetched[] = [];
  const fetch = fetcher(tools);
  const all = [consumer("web", "vault")];
  const poll = (): Promise<void> => fetch.poll(all, async (fetched) => void got.push(fetched));
  for (let times = 0; times < 3; times++) await poll();
  expect([vault.asked, vault.read, got.length]).toEqual([3, 2, 1]);
  vault.version = "2";
  vault.value = random(16);
  await poll();
  expect([vault.asked, vault.read, got.length]).toEqual([4, 4, 2]);
  expect(got[1]?.digests["A"]).not.toBe(got[0]?.digests["A"]);
  expect(JSON.stringify(got)).not.toContain(vault.value);
});

it("reads each time where the store has no versions", async () => {
  const keywhiz = { ...fakeStore(), version: null };
  const { tools } = toolsWith({ keywhiz });
  const fetch = fetcher(tools);
  for (let times = 0; times < 3; times++) await fetch.poll([consumer("web", "keywhiz", ["A"])], async () => undefined);
  expect(keywhiz.read).toBe(3);
});

it("a store that does not answer keeps no other waiting", async () => {
  const { tools } = toolsWith({ vault: fakeStore() });
  const all = [consumer("stuck", "slow"), consumer("web", "vault")];
  const served = await new Promise<string>((done) => {
    void fetcher(tools).poll(all, async ({ served: { key } }) => done(key));
  });
  expect(served).toBe("web");
});

it("a store that is away is reported once, left alone for a pause, and reported when it is back", async () => {
  const vault = fakeStore();
  const { tools, told } = toolsWith({ vault });
  const fetch = fetcher(tools);
  const all = [consumer("web", "vault"), consumer("db", "vault")];
  const poll = (): Promise<void> => fetch.poll(all, async () => undefined);
  vault.fails = new UnsprawlError("unreachable", "the store does not answer", null);
  await poll();
  expect(fetch.isDone(all)).toBe(false);
  vault.fails = null;
  await poll();
  expect(vault.read, "not asked during the pause").toBe(0);
  expect(told.map(({ kind }) => kind)).toEqual(["failed"]);
  await expect.poll(async () => (await poll(), fetch.isDone(all)), { interval: 100 }).toBe(true);
  expect(told.map(({ kind }) => kind)).toEqual(["failed", "recovered"]);
});

it("one consumer without its value keeps no other of the same store from its own", async () => {
  const vault = fakeStore();
  const { tools, told } = toolsWith({ vault });
  const absent = consumer("absent", "nowhere", ["A"]);
  const { tools: other } = toolsWith({
    vault,
    nowhere: { ...fakeStore(), fails: new UnsprawlError("denied", "no", null) },
  });
  const got: string[] = [];
  await fetcher({ ...other, told: tools.told }).poll([absent, consumer("web", "vault")], async ({ served }) => {
    got.push(served.key);
  });
  expect(got).toEqual(["web"]);
  expect(told).toMatchObject([{ kind: "failed", what: "container:absent" }]);
});

it("takes back what a rollback took back while it was on its way here, and leaves what was there", async () => {
  const { tools } = toolsWith({ vault: fakeStore() });
  const folder = "/run/unsprawl/units/web";
  const served = { ...consumer("web", "vault"), files: true };
  const files = new Map([["A", Secret.of(random(16))]]);
  const supplies: Partial<AgentTools["supplies"]> = {
    read: (_folder, name) => files.get(name) ?? null,
    write(_consumer, values) {
      for (const [name, value] of values) files.set(name, value);
      return [...values.keys()];
    },
    remove: (_folder, names) => names.forEach((name) => files.delete(name)),
    // By now it has nothing of this consumer: taken back, or lost.
    index: { read: () => [], add: async () => undefined, remove: async () => undefined },
  };
  const got: Fetched[] = [];
  const fetch = fetcher({ ...tools, supplies: supplies as AgentTools["supplies"] });
  await fetch.poll([{ ...served, consumer: { ...served.consumer, folder } }], async (one) => void got.push(one));
  expect([[...files.keys()], got[0]?.changed, got[0]?.replaced]).toEqual([["A"], ["A"], ["A"]]);
});
