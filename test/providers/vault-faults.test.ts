import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Fault } from "../support/fault-proxy.ts";
import { relay } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";

let vault: PlainVault;
/** Beside the network that goes wrong. */
let direct: Provider;
beforeAll(async () => {
  vault = await plainVault();
  direct = await vault.open();
});
afterAll(() => vault?.stop());

describe.concurrent("an answer that is lost", () => {
  test.for<Fault["kind"]>(["lost", "cut", "reset"])("%s: a creation is done once, and is ours", async (kind) => {
    const { proxy, store, onWrites } = await vault.network();
    const [key, value, other] = [keyAt(), fresh(), fresh()];
    onWrites({ kind } as Fault);
    const { version } = await store.put(key, value, null, ORIGIN);
    expect(proxy.met).toBe(1);
    expect(await vault.versionAt(key.path)).toBe(1);
    expect(await vault.data(`secret/metadata/${key.path}`)).toMatchObject({
      custom_metadata: { "managed-by": "unsprawl" },
    });
    expect((await direct.get(key))?.value).toEqual(value);
    expect((await vault.failure(store.put(key, other, null, ORIGIN), value, other)).code).toBe("conflict");
    await store.put(key, other, version, ORIGIN);
    expect((await direct.get(key))?.value).toEqual(other);
  });

  test.for<Fault["kind"]>(["lost", "cut", "reset"])("%s: a sibling, a replacement, a removal", async (kind) => {
    const { store, onWrites } = await vault.network();
    const [key, value, other] = [keyAt(), fresh(), fresh()];
    const sibling = { ...key, field: "SIBLING" };
    const { version } = await direct.put(key, value, null, ORIGIN);
    onWrites({ kind } as Fault);
    await store.put(sibling, other, null, ORIGIN);
    onWrites({ kind } as Fault);
    await store.put(key, other, version, ORIGIN);
    expect(await vault.versionAt(key.path)).toBe(3);
    expect((await direct.get(key))?.value).toEqual(other);
    onWrites({ kind } as Fault);
    expect(await store.remove(key, (one) => one.equals(other))).toBe(true);
    expect([await direct.get(key), (await direct.get(sibling))?.value]).toEqual([null, other]);
    onWrites({ kind } as Fault);
    expect(await store.remove(sibling, () => true)).toBe(true);
    await expect(vault.bao.api("GET", `secret/metadata/${key.path}`)).rejects.toThrow(/404/);
  });

  test("KV v1: the read-back says what came of it", async () => {
    const { proxy, onWrites } = await vault.network();
    const one = await vault.open({ address: proxy.url, config: { mount: "kv1" } });
    const [key, value, other] = [keyAt(), fresh(), fresh()];
    onWrites({ kind: "lost" }, 1, "/kv1/");
    await one.put(key, value, null, ORIGIN);
    onWrites({ kind: "reset" }, 1, "/kv1/");
    expect(await vault.failure(one.put({ ...key, field: "B" }, other, null, ORIGIN), value, other)).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("is not known") as string,
      hint: expect.stringContaining("unsprawl resume") as string,
    });
    expect(await vault.data(`kv1/${key.path}`)).toEqual({ [key.field]: value.exposeText() });
    onWrites({ kind: "lost" }, 1, "/kv1/");
    expect(await one.remove(key, () => true)).toBe(true);
    expect(await one.get(key)).toBe(null);
  });

  test("another writer's value that came meanwhile is not taken for ours, and stays", async () => {
    const [key, mine, theirs] = [keyAt(), fresh(), fresh()];
    let first = true;
    const rival = await relay(vault.bao.address, async ({ method }, pass) => {
      if (method === "GET" || !first) return pass();
      first = false;
      await direct.put(key, theirs, null, ORIGIN);
      return null;
    });
    const behind = await vault.open({ address: rival.url });
    expect((await vault.failure(behind.put(key, mine, null, ORIGIN), mine, theirs)).code).toBe("conflict");
    expect((await direct.get(key))?.value).toEqual(theirs);
    expect(await vault.versionAt(key.path)).toBe(1);
    rival.stop();
  });

  test.for<Fault>([{ kind: "lost" }, { kind: "status", status: 429, retryAfter: 60 }])(
    "where nobody answers afterwards ($kind), it says that the outcome is not known",
    async (then) => {
      const [key, value] = [keyAt(), fresh()];
      let gone = false;
      const away = await relay(vault.bao.address, async ({ method, url }, pass) => {
        if (gone) return then.kind === "status" ? { status: then.status, text: "{}" } : null;
        gone = method !== "GET" && url?.includes(key.path) === true;
        if (!gone) return pass();
        await pass();
        return null;
      });
      const behind = await vault.open({ address: away.url });
      expect(await vault.failure(behind.put(key, value, null, ORIGIN), value)).toMatchObject({
        code: "unreachable",
        message: expect.stringContaining(`not known whether ${key.path} ${key.field} was changed`) as string,
        hint: expect.stringContaining("unsprawl resume") as string,
      });
      expect((await direct.get(key))?.value).toEqual(value);
      away.stop();
    },
  );

  test("a write that is done only after it was given up changes nothing any more", async () => {
    const late: number[] = [];
    let first = true;
    const slow = await relay(vault.bao.address, async ({ method }, pass) => {
      if (method === "GET" || !first) return pass();
      first = false;
      await sleep(11_500);
      const said = await pass();
      late.push(said.status);
      return said;
    });
    const behind = await vault.open({ address: slow.url });
    const [key, value, other] = [keyAt(), fresh(), fresh()];
    const { version } = await behind.put(key, value, null, ORIGIN);
    await direct.put(key, other, version, ORIGIN);
    await vi.waitFor(() => expect(late).toEqual([400]), { timeout: 120_000 });
    expect((await direct.get(key))?.value).toEqual(other);
    slow.stop();
  });
});

describe.concurrent("many at once through a bad network", () => {
  test("ten of one secret's fields: all are there, though each answer in three is lost", async () => {
    const { proxy } = await vault.network();
    const key = keyAt();
    const pairs = Array.from({ length: 10 }, (_, at) => [{ ...key, field: `N${at}` }, fresh()] as const);
    let count = 0;
    proxy.fault({ kind: "lost" }, 1000, ({ method, path }) => {
      if (method === "GET" || !path.includes("/data/")) return false;
      return ++count % 3 === 0;
    });
    const stores = await Promise.all(pairs.map(() => vault.open({ address: proxy.url })));
    const done = await Promise.all(
      pairs.map(async ([one, value], at) =>
        stores[at]?.put(one, value, null, ORIGIN).then(
          () => "written",
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
    );
    proxy.fault({ kind: "reset" }, 0);
    for (const [at, [one, value]] of pairs.entries()) {
      expect(["written", "unreachable"]).toContain(done[at]);
      const there = await direct.get(one);
      if (done[at] === "written" || there !== null) expect(there?.value).toEqual(value);
    }
    expect(done.filter((one) => one === "written").length).toBeGreaterThan(5);
  });

  test("ten creators of one name: one wins", async () => {
    const { proxy, onWrites } = await vault.network();
    const key = keyAt();
    const values = Array.from({ length: 10 }, fresh);
    onWrites({ kind: "lost" }, 2);
    const done = await Promise.all(
      values.map(async (value) =>
        (await vault.open({ address: proxy.url })).put(key, value, null, ORIGIN).then(
          () => value,
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
    );
    expect(done.filter((one) => one === "conflict")).toHaveLength(9);
    expect(done.filter((one) => typeof one !== "string")).toEqual([(await direct.get(key))?.value]);
  });
});
