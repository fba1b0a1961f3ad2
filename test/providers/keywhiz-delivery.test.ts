import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { openSpec, placed } from "../conformance/spec.ts";
import { fresh, freshName, keywhizBench, ORIGIN, type KeywhizBench } from "./keywhiz-world.ts";

let bench: KeywhizBench;
let store: Provider;
beforeAll(async () => {
  bench = await keywhizBench();
  store = await bench.open();
});
afterAll(() => bench?.stop());

const keyOf = (subject: string, name = "A"): ReturnType<Provider["key"]> => store.key({ subject, project: "", name });

describe("delivery: client", () => {
  test("gives what is granted, denies what is not, and knows what is missing", async () => {
    const client = await bench.open("application", { delivery: "client" });
    const ungranted = await bench.open("automation", { groups: [] });
    const [mine, theirs] = [keyOf(freshName()), keyOf(freshName())];
    const [value, other] = [fresh(), fresh()];
    await store.put(mine, value, null, ORIGIN);
    await ungranted.put(theirs, other, null, ORIGIN);
    expect((await client.get(mine))?.value).toEqual(value);
    expect((await bench.failure(client.get(theirs), "denied", other)).hint).toMatch(/group/);
    expect(await client.get(keyOf(freshName()))).toBe(null);
    const keys = await client.list("");
    expect(keys).toContainEqual(mine);
    expect(keys).not.toContainEqual(theirs);
    const folded = { path: mine.path.toUpperCase(), field: "" };
    await bench.failure(client.get(folded), "refused");
  });

  test("writes nothing, and asks the server for nothing then", async () => {
    const client = await bench.open("automation", { delivery: "client" });
    const before = bench.keywhiz.requests.length;
    const key = keyOf(freshName());
    await bench.failure(client.put(key, fresh(), null, ORIGIN), "denied");
    await bench.failure(
      client.remove(key, () => true),
      "denied",
    );
    expect(bench.keywhiz.requests.length).toBe(before);
    const lines = await client.check();
    expect(lines.map(({ right, ok }) => [right, ok])).toEqual([
      ["reach", true],
      ["authenticate", true],
      ["write", false],
    ]);
  });
});

describe("check", () => {
  test("says first that Keywhiz is retired, and makes no group for its probe", async () => {
    const group = freshName();
    const lines = await (await bench.open("automation", { groups: [group] })).check();
    expect(lines[0]?.text).toMatch(/retired upstream since September 2023.*unsprawl migrate keywhiz: --to STORE/);
    expect(lines.every(({ ok }) => ok)).toBe(true);
    expect((await bench.raw("automation", "GET", `/automation/v2/groups/${group}`)).status).toBe(404);
    expect(bench.keywhiz.secretNames().filter((name) => name.startsWith("unsprawl-check"))).toEqual([]);
  });
});

describe("the reader", () => {
  test.for(["pem", "p12"] as const)("by %s is a copy of the given certificate, which reads", async (kind) => {
    const [key, value] = [keyOf(freshName()), fresh()];
    await store.put(key, value, null, ORIGIN);
    const operator = await bench.open("automation", { reader: bench.identity("application", kind) });
    const { config, files } = await operator.issueReader();
    const dir = mkdtempSync(join(bench.dir, "reader-"));
    const reader = await openSpec({ provider: "keywhiz", config: placed(config, files, dir), env: {}, dir });
    expect((await reader.get(key))?.value).toEqual(value);
    expect(config).toMatchObject({ delivery: "client", caFile: "{dir}/ca.pem" });
  });

  test("is denied without a certificate for it, and refused with one that could write", async () => {
    expect((await bench.failure(store.issueReader(), "denied")).hint).toMatch(/group api.*reader: \{ certFile/);
    const mighty = await bench.open("automation", { reader: bench.identity("automation", "pem") });
    expect((await bench.failure(mighty.issueReader(), "refused")).hint).toMatch(/automationAllowed/);
    const foreign = await bench.open("automation", { reader: bench.identity("foreign", "pem") });
    expect((await bench.failure(foreign.issueReader(), "denied")).message).toMatch(/^reader: /);
  });
});

describe("the policy", () => {
  test.for(["pem", "p12"] as const)("by %s does what it says when an operator runs it", async (kind) => {
    const subject = freshName();
    const none = { certFile: null, keyFile: null };
    const own = await bench.open("automation", { groups: [], ...none, ...bench.identity("automation", kind) });
    const [mine, also, theirs] = [keyOf(subject), keyOf(subject, "B.C"), keyOf(`${subject}.v2`)];
    for (const key of [mine, also, theirs]) await own.put(key, fresh(), null, ORIGIN);
    await bench.raw("application", "GET", "/secrets");
    const policy = await own.policy({ subject, project: "" });
    expect(policy).toContain(`"name":"${subject}"`);
    expect(policy).not.toContain(theirs.path);
    const script = policy.replace("/clients/CLIENT/", `/clients/${bench.keywhiz.clients.application.cn}/`);
    // Not in one go: the double answers in this process.
    await promisify(execFile)("bash", ["-euc", script]);
    const client = await bench.open("application", { delivery: "client" });
    expect(await client.get(mine)).not.toBe(null);
    expect(await client.get(also)).not.toBe(null);
    await bench.failure(client.get(theirs), "denied");
  });

  test("without secrets yet names where they will be, and the store's own group", async () => {
    const subject = freshName();
    const policy = await store.policy({ subject, project: "" });
    expect(policy).toContain(`${subject}.VARIABLE/groups`);
    expect(policy).toContain('"addGroups":["api"]');
    execFileSync("bash", ["-n", "-c", policy]);
  });
});
