import { expect, onTestFinished, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto } from "../services/moto.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { awsWorld } from "./aws-world.ts";
import { azureSpec, azureWorld } from "./azure-world.ts";
import { fresh, freshName, keywhizBench, ORIGIN } from "./keywhiz-world.ts";

// Whoever waits for a change asks every few seconds: no value is read for it, and few requests are made.

const put = async (store: Provider, name = "DB_PASSWORD"): Promise<StoreKey> => {
  const key = store.key({ subject: freshName(), project: "", name });
  await store.put(key, fresh(), null, ORIGIN);
  return key;
};

test("Secrets Manager tells versions to who may not read values; who may only read them is not asked for again", async () => {
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  const allow = (...actions: string[]): object => ({ Effect: "Allow", Action: actions, Resource: "*" });
  const [describer, reader] = await Promise.all([
    moto.user(allow("secretsmanager:DescribeSecret")),
    moto.user(allow("secretsmanager:GetSecretValue")),
  ]);
  const spec = { provider: "aws-secrets-manager", config: {}, dir: moto.dir };
  const key = await put(await openSpec({ ...spec, env: moto.env }));
  await moto.enforce();
  const watching = await openSpec({ ...spec, env: { ...moto.env, ...describer } });
  await expect(watching.get(key)).rejects.toMatchObject({ code: "denied" });
  expect(await watching.version?.(key)).toEqual(expect.any(String));
  const proxy = await faultProxy(moto.url);
  onTestFinished(() => proxy.stop());
  let asked = 0;
  proxy.fault({ kind: "reset" }, Infinity, ({ body }) => (body.includes("DescribeSecret") && void asked++, false));
  const reading = await openSpec({ ...spec, env: { ...moto.env, ...reader, AWS_ENDPOINT_URL: proxy.url } });
  for (let times = 0; times < 3; times++) expect(await reading.version?.(key)).toBe(null);
  expect(asked).toBe(1);
  expect(await reading.get(key)).not.toBe(null);
});

test("a parameter's version is asked for without its decryption", async () => {
  const world = await awsWorld("aws-ssm", { write: ["ssm:*"], read: ["ssm:GetParameter"] });
  onTestFinished(() => world.stop());
  const key = await put(await openSpec(world.writer));
  const proxy = await faultProxy(world.moto.url);
  onTestFinished(() => proxy.stop());
  const asked: string[] = [];
  proxy.fault({ kind: "reset" }, Infinity, ({ body }) => (void asked.push(body), false));
  const store = await openSpec({ ...world.writer, env: { ...world.writer.env, AWS_ENDPOINT_URL: proxy.url } });
  expect(await store.version?.(key)).toEqual(expect.any(String));
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('"WithDecryption":false');
});

test("a Key Vault is asked for the properties of the versions alone", async () => {
  const world = await azureWorld();
  const { vault, writer } = world;
  onTestFinished(() => world.stop());
  const key = await put(await openSpec(writer));
  const watching = await openSpec(azureSpec(vault, "reader"));
  await watching.version?.(key);
  const before = vault.log.length;
  for (let times = 0; times < 3; times++) expect(await watching.version?.(key)).toEqual(expect.any(String));
  const asked = vault.log.slice(before).map(({ method, path }) => `${method} ${path}`);
  expect(asked).toEqual(Array<string>(3).fill(`GET /secrets/${key.path}/versions`));
  // Access policies can let somebody read values and see no versions.
  expect(await (await openSpec(azureSpec(vault, "nobody"))).version?.(key)).toBe(null);
});

test("a Key Vault's secret with more versions than it pays to list is read", async () => {
  const world = await azureWorld();
  const { vault, writer } = world;
  onTestFinished(() => world.stop());
  const store = await openSpec(writer);
  const key = await put(store);
  for (let versions = 1; versions < 100; versions++)
    vault.api("PUT", `/secrets/${key.path}`, { value: fresh().exposeText() });
  expect(await store.version?.(key)).toEqual(expect.any(String));
  vault.api("PUT", `/secrets/${key.path}`, { value: fresh().exposeText() });
  expect(await store.version?.(key)).toBe(null);
});

test("Keywhiz tells what differs, to automation and to the application, while no value can be read", async () => {
  const bench = await keywhizBench();
  onTestFinished(() => bench.stop());
  const [automation, application] = [await bench.open(), await bench.open("application", { delivery: "client" })];
  const [key, other] = [await put(automation), await put(automation)];
  await application.list("");
  const path = /\/request\/contents|\/secret\//;
  bench.keywhiz.faults.add({ path, times: Infinity, kind: "status", status: 500 });
  for (const store of [automation, application]) {
    const seen = await store.version?.(key);
    expect(seen).toEqual(expect.any(String));
    expect(await store.version?.(key)).toBe(seen);
    expect(await store.version?.(other)).not.toBe(seen);
    expect(await store.version?.({ ...key, path: freshName() })).toBe(null);
  }
});

test("what is delivered to an application is listed once for all that are asked for together", async () => {
  const bench = await keywhizBench();
  onTestFinished(() => bench.stop());
  const automation = await bench.open();
  const keys = [await put(automation), await put(automation), await put(automation)];
  const application = await bench.open("application", { delivery: "client" });
  const once = bench.keywhiz.faults.add({ path: /^\/secrets$/, times: 5, kind: "delay", ms: 0 });
  const versions = await Promise.all(keys.map(async (key) => application.version?.(key)));
  expect(versions).toEqual(keys.map(() => expect.any(String)));
  expect(once.left()).toBe(4);
});
