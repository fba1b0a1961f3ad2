import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { fresh, freshName, keywhizBench, ORIGIN, type KeywhizBench } from "./keywhiz-world.ts";

let bench: KeywhizBench;
let store: Provider;
let keyOf: (subject?: string, name?: string) => StoreKey;
let put: (key: StoreKey, value: Secret, replace?: string | null, by?: Provider) => Promise<{ version: string }>;
beforeAll(async () => {
  bench = await keywhizBench({ maxValueBytes: 100_000 });
  store = await bench.open();
  keyOf = (subject = freshName(), name = "DB_PASSWORD") => store.key({ subject, project: "", name });
  put = (key, value, replace = null, by = store) => by.put(key, value, replace, ORIGIN);
});
afterEach(() => bench.keywhiz.faults.clear());
afterAll(() => bench?.stop());

const SECRETS = "/automation/v2/secrets";
const writes = (): number =>
  bench.keywhiz.requests.filter(({ method, path }) => method === "POST" && !path.endsWith("/contents")).length;

/** Holds the next such request before anything is done; `met` resolves once it is there. */
function hold(which: { readonly path: RegExp; readonly method?: RegExp }): {
  readonly met: Promise<unknown>;
  readonly release: () => void;
} {
  let release: () => void = () => undefined;
  const until = new Promise<void>((done) => (release = done));
  const added = bench.keywhiz.faults.add({ ...which, kind: "hold", until });
  const met = vi.waitUntil(() => added.left() === 0, { timeout: 120_000 });
  return { met, release };
}

describe("a new secret", () => {
  test("is what an independent client reads, with its origin, and granted to the store's groups", async () => {
    const [key, value] = [keyOf(), Secret.of("päss$\n'\"\\ wörd\u2028")];
    await put(key, value);
    const { text } = await bench.raw("automation", "POST", `${SECRETS}/request/contents`, { secrets: [key.path] });
    const { successSecrets } = JSON.parse(text) as { successSecrets: { [name: string]: string } };
    expect(Buffer.from(successSecrets[key.path] ?? "", "base64")).toEqual(value.expose());
    const detail = await bench.raw("automation", "GET", `${SECRETS}/${key.path}`);
    expect(JSON.parse(detail.text)).toMatchObject({
      description: "managed by unsprawl: run 20261125-000000-test, subject api",
      metadata: {},
      expiry: 0,
      type: "",
    });
    expect(bench.keywhiz.groupsOf(key.path)).toEqual(["api"]);
    expect((await bench.raw("application", "GET", `/secret/${key.path}`)).status).toBe(200);
  });

  test("makes a group that is not there, once, and knows one of another case for the same", async () => {
    const group = freshName();
    const by = await bench.open("automation", { groups: [group, "API"] });
    const [one, two] = [keyOf(), keyOf()];
    await put(one, fresh(), null, by);
    await put(two, fresh(), null, by);
    for (const { path } of [one, two]) expect(bench.keywhiz.groupsOf(path)).toEqual(["api", group].sort());
    const made = bench.keywhiz.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/groups"));
    expect(made.map(({ status }) => status)).toEqual([201]);
  });

  test("whose group goes meanwhile is taken back, and the group named", async () => {
    const group = freshName();
    const by = await bench.open("automation", { groups: [group] });
    const held = hold({ path: /secrets$/, method: /POST/ });
    const [key, value] = [keyOf(), fresh()];
    const failed = bench.failure(put(key, value, null, by), "failed", value);
    await held.met;
    await bench.raw("automation", "DELETE", `/automation/v2/groups/${group}`);
    held.release();
    expect((await failed).message).toContain(group);
    expect(bench.keywhiz.secretNames()).not.toContain(key.path);
  });

  test("that the database does not take is no conflict", async () => {
    const [key, value] = [keyOf(), Secret.of("x".repeat(200_000))];
    expect((await bench.failure(put(key, value), "failed", value)).hint).toMatch(/larger/);
    expect(await store.get(key)).toBe(null);
  });

  test("is refused where it is too large or empty, and nothing is sent", async () => {
    const before = bench.keywhiz.requests.length;
    for (const text of ["", "x".repeat(8 * 1024 * 1024 + 1)]) {
      const value = Secret.of(text);
      await bench.failure(put(keyOf(), value), "refused");
    }
    await bench.failure(put({ path: `a${"b".repeat(200)}`, field: "" }, fresh()), "refused");
    expect(bench.keywhiz.requests.length).toBe(before);
  });

  test.for(["lost", "reset"] as const)("whose answer is %s is written once", async (kind) => {
    const [key, value] = [keyOf(), fresh()];
    const before = writes();
    bench.keywhiz.faults.add({ kind, path: /secrets$/, method: /POST/ });
    const { version } = await put(key, value);
    expect(writes()).toBe(before + 1);
    expect(bench.keywhiz.versionsOf(key.path)).toHaveLength(1);
    expect(bench.keywhiz.groupsOf(key.path)).toEqual(["api"]);
    expect(await store.get(key)).toMatchObject({ value, version });
  });

  test("whose answer is lost, and whose name is another's by then, is a conflict", async () => {
    const [key, theirs, value] = [keyOf(), fresh(), fresh()];
    await put(key, theirs);
    bench.keywhiz.faults.add({ kind: "lost", path: /secrets$/, method: /POST/ });
    await bench.failure(put(key, value), "conflict", value);
    bench.keywhiz.faults.add({ kind: "lost", path: /secrets$/, method: /POST/ });
    const another = { runId: "another", subject: "api" };
    await bench.failure(store.put(key, theirs, null, another), "conflict", theirs);
    expect((await store.get(key))?.value).toEqual(theirs);
  });

  test("that someone removes before it is granted is a conflict", async () => {
    const [key, value] = [keyOf(), fresh()];
    const held = hold({ path: /\/groups$/, method: /GET/ });
    const failed = bench.failure(put(key, value), "conflict", value);
    await held.met;
    await bench.raw("automation", "DELETE", `${SECRETS}/${key.path}`);
    held.release();
    await failed;
  });

  test("that never gets there is given up, and says so", async () => {
    bench.keywhiz.faults.add({ kind: "undone", path: /secrets$/, method: /POST/, times: Infinity });
    const [key, value] = [keyOf(), fresh()];
    await bench.failure(put(key, value), "unreachable", value);
    expect(await store.get(key)).toBe(null);
  });
});

describe("a replacement", () => {
  test("leaves groups, metadata, type and expiry, and its version is the server's to the digit", async () => {
    const [key, old, value] = [keyOf(), fresh(), fresh()];
    const more = {
      metadata: { mode: "0400", owner: "nobody" },
      expiry: 2_000_000_000,
      type: "t",
      description: "theirs",
    };
    const content = old.expose().toString("base64");
    await bench.raw("automation", "POST", SECRETS, { name: key.path, content, groups: ["api"], ...more });
    const there = await store.get(key);
    const { version } = await put(key, value, there?.version ?? "");
    const [newest = 0n, first = 0n] = bench.keywhiz.versionsOf(key.path);
    expect([there?.version.split("#")[0], version.split("#")[0]]).toEqual([String(first), String(newest)]);
    expect(JSON.parse((await bench.raw("automation", "GET", `${SECRETS}/${key.path}`)).text)).toMatchObject(more);
    expect(bench.keywhiz.groupsOf(key.path)).toEqual(["api"]);
  });

  test.for(["lost", "reset"] as const)("whose answer is %s is written once", async (kind) => {
    const [key, value] = [keyOf(), fresh()];
    const { version } = await put(key, fresh());
    bench.keywhiz.faults.add({ kind, path: /partialupdate$/ });
    await put(key, value, version);
    expect(bench.keywhiz.versionsOf(key.path)).toHaveLength(2);
    expect((await store.get(key))?.value).toEqual(value);
  });

  test("that runs over another's gives way, though Keywhiz has no check-and-set", async () => {
    const [key, theirs, value] = [keyOf(), fresh(), fresh()];
    const { version } = await put(key, fresh());
    const held = hold({ path: /partialupdate$/ });
    const failed = bench.failure(put(key, value, version), "conflict", value);
    await held.met;
    const content = theirs.expose().toString("base64");
    await bench.raw("automation", "POST", `${SECRETS}/${key.path}`, { content });
    held.release();
    await failed;
    expect(bench.keywhiz.versionsOf(key.path)).toHaveLength(3);
    expect((await store.get(key))?.value).toEqual(theirs);
  });

  test("that cannot give way says where the other's value is", async () => {
    const [key, theirs, value] = [keyOf(), fresh(), fresh()];
    const { version } = await put(key, fresh());
    const held = hold({ path: /partialupdate$/ });
    bench.keywhiz.faults.add({ kind: "undone", path: /setversion$/, times: Infinity });
    const failed = bench.failure(put(key, value, version), "conflict", value);
    await held.met;
    const content = theirs.expose().toString("base64");
    await bench.raw("automation", "POST", `${SECRETS}/${key.path}`, { content });
    const [lost = 0n] = bench.keywhiz.versionsOf(key.path);
    held.release();
    expect((await failed).hint).toContain(String(lost));
  });

  test("of what was removed meanwhile makes nothing new", async () => {
    const [key, value] = [keyOf(), fresh()];
    const { version } = await put(key, fresh());
    const held = hold({ path: /partialupdate$/ });
    const failed = bench.failure(put(key, value, version), "conflict", value);
    await held.met;
    await bench.raw("automation", "DELETE", `${SECRETS}/${key.path}`);
    held.release();
    await failed;
    expect(bench.keywhiz.secretNames()).not.toContain(key.path);
  });
});

describe("a removal", () => {
  test.for(["lost", "undone"] as const)("whose answer is %s is true, and the secret gone", async (kind) => {
    const [key, value] = [keyOf(), fresh()];
    await put(key, value);
    bench.keywhiz.faults.add({ kind, path: /./, method: /DELETE/ });
    expect(await store.remove(key, (one) => one.equals(value))).toBe(true);
    expect(bench.keywhiz.secretNames()).not.toContain(key.path);
  });
});

describe("names", () => {
  test("that differ in case only are refused in one run, and never read as each other", async () => {
    const subject = freshName();
    const key = keyOf(subject, "API_KEY");
    await put(key, fresh());
    expect(() => keyOf(subject, "api_key")).toThrow(/ignores case/);
    expect(keyOf(subject, "API_KEY")).toEqual(key);
    const later = await bench.open();
    const other = later.key({ subject, project: "", name: "api_key" });
    await bench.failure(later.get(other), "refused");
    await bench.failure(put(other, fresh(), null, later), "refused");
    await bench.failure(
      later.remove(other, () => true),
      "refused",
    );
    expect(bench.keywhiz.secretNames()).toContain(key.path);
  });

  test("are readable where Keywhiz takes them, and written out where it does not", () => {
    expect(keyOf("web.1", "A.B:c-d")).toEqual({ path: "web_x2e_1.A.B:c-d", field: "" });
    expect(store.names({ path: "web_x2e_1.A.B:c-d", field: "" })).toMatchObject({ subject: "web.1", name: "A.B:c-d" });
    expect(keyOf("a/b", "ß").path).toBe("a_x2f_b._xdf_");
    expect(() => keyOf("a".repeat(190), "B".repeat(20))).toThrow(/195/);
  });

  test("of others are listed, looked up and referred to as they are", async () => {
    const prefix = freshName();
    const names = [`${prefix} ä/b`, `${prefix}-z`, `${prefix}.a`];
    const content = Buffer.from("text").toString("base64");
    for (const name of names) await bench.raw("automation", "POST", SECRETS, { name, content });
    const binary = Buffer.from([0xff, 0, 0xfe]).toString("base64");
    await bench.raw("automation", "POST", SECRETS, { name: `${prefix}-binary`, content: binary });
    const omitted: string[] = [];
    const keys = await store.list(prefix, (path) => void omitted.push(path));
    expect(omitted).toEqual([`${prefix}-binary`]);
    expect(keys.map(({ path }) => path)).toEqual(names.toSorted());
    for (const key of keys) {
      expect((await store.get(key))?.value.equals(Secret.of("text"))).toBe(true);
      expect(store.parse(store.reference(key))).toEqual(key);
    }
  });
});
