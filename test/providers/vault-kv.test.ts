import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { tokenFor } from "./vault-world.ts";

let bao: OpenBao;
let dir: string;
let store: Provider;
beforeAll(async () => {
  bao = await startOpenBao();
  dir = mkdtempSync(join(tmpdir(), "unsprawl-kv-"));
  await bao.api("POST", "sys/mounts/kv1", { type: "kv", options: { version: "1" } });
  store = await open(bao.token);
});
afterAll(async () => {
  await bao?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const open = (token: string, config: { readonly [key: string]: Json } = {}, address = bao.address): Promise<Provider> =>
  openSpec({ provider: "vault", config, env: { HOME: dir, VAULT_ADDR: address, VAULT_TOKEN: token }, dir });
const keyAt = (field = "DB_PASSWORD"): StoreKey => ({ path: `apps/${randomBytes(6).toString("hex")}`, field });
const fresh = (): Secret => Secret.of(randomBytes(15).toString("base64"));
const ORIGIN = { runId: "test", subject: "api" };
const put = (key: StoreKey, value: Secret, by = store, replace: string | null = null): Promise<{ version: string }> =>
  by.put(key, value, replace, ORIGIN);
const data = async (path: string): Promise<{ readonly [key: string]: unknown }> =>
  ((await bao.api("GET", path)) as { data: { [key: string]: unknown } }).data;
const absent = (path: string): Promise<void> => expect(bao.api("GET", path)).rejects.toThrow(/404/);

describe("KV v2", () => {
  test("a secret that unsprawl made is marked, and goes with its last field, history and all", async () => {
    const key = keyAt();
    await put(key, fresh());
    await put({ ...key, field: "OTHER" }, fresh());
    expect(await data(`secret/metadata/${key.path}`)).toMatchObject({
      custom_metadata: { "managed-by": "unsprawl" },
      current_version: 2,
    });
    await store.remove(key, () => true);
    expect((await data(`secret/data/${key.path}`))["data"]).toHaveProperty("OTHER");
    await store.remove({ ...key, field: "OTHER" }, () => true);
    await absent(`secret/metadata/${key.path}`);
  });

  test("a secret of someone else is not marked, keeps its siblings of any type, and stays when our field goes", async () => {
    const key = keyAt();
    const siblings = { text: "x", number: 5, big: 1e300, nested: { a: [1, null, true] }, empty: "" };
    await bao.api("POST", `secret/data/${key.path}`, { data: siblings });
    await put(key, fresh());
    expect((await data(`secret/data/${key.path}`))["data"]).toMatchObject(siblings);
    expect(await data(`secret/metadata/${key.path}`)).toMatchObject({ custom_metadata: null });
    await store.remove(key, () => true);
    expect((await data(`secret/data/${key.path}`))["data"]).toEqual(siblings);
    expect((await store.get({ ...key, field: "nested" }))?.value).toEqual(Secret.of('{"a":[1,null,true]}'));
    expect((await store.get({ ...key, field: "number" }))?.value).toEqual(Secret.of("5"));

    const only = keyAt();
    await bao.api("POST", `secret/data/${only.path}`, { data: { [only.field]: "theirs" } });
    await store.remove(only, () => true);
    expect((await data(`secret/data/${only.path}`))["data"]).toEqual({});
  });

  test("metadata that an operator made before the first value is kept", async () => {
    const key = keyAt();
    await bao.api("POST", `secret/metadata/${key.path}`, { max_versions: 3, custom_metadata: { owner: "ops" } });
    await put(key, fresh());
    await store.remove(key, () => true);
    expect(await data(`secret/metadata/${key.path}`)).toMatchObject({
      max_versions: 3,
      custom_metadata: { owner: "ops" },
    });
  });

  test("a soft-deleted and a destroyed secret are absent, can be written, and are not ours", async () => {
    for (const end of ["delete", "destroy"]) {
      const key = keyAt();
      await bao.api("POST", `secret/data/${key.path}`, { data: { [key.field]: "old", other: "old" } });
      await bao.api("POST", `secret/${end}/${key.path}`, { versions: [1] });
      expect(await store.get(key)).toBe(null);
      const value = fresh();
      await put(key, value);
      expect((await data(`secret/data/${key.path}`))["data"]).toEqual({ [key.field]: value.expose().toString("utf8") });
      expect(await data(`secret/metadata/${key.path}`)).toMatchObject({ custom_metadata: null, current_version: 2 });
    }
  });

  test("a mount and a secret that require check-and-set, and one version only", async () => {
    const key = keyAt();
    await bao.api("POST", `secret/metadata/${key.path}`, { cas_required: true, max_versions: 1 });
    const [first, second] = [fresh(), fresh()];
    const { version } = await put(key, first);
    await put({ ...key, field: "SIBLING" }, fresh());
    await put(key, second, store, version);
    expect((await store.get(key))?.value).toEqual(second);
  });

  test("without rights on the metadata a value is stored and removed, and an empty secret is left", async () => {
    const token = await tokenFor(
      bao,
      'path "secret/data/apps/*" { capabilities = ["create", "read", "update", "patch"] }',
    );
    const [limited, key] = [await open(token), keyAt()];
    await put(key, fresh(), limited);
    expect(await limited.remove(key, () => true)).toBe(true);
    expect((await data(`secret/data/${key.path}`))["data"]).toEqual({});
    await put(key, fresh(), limited);
    const line = (await limited.check()).find((one) => one.right === "delete");
    expect(line).toMatchObject({ ok: false, hint: expect.stringMatching(/secret\/metadata\/.*"delete"/) as string });
  });

  test("the check leaves nothing behind", async () => {
    await put(keyAt(), fresh());
    const listed = async (): Promise<unknown> => (await bao.api("LIST", "secret/metadata/apps"))["data"];
    const before = await listed();
    await store.check();
    expect(await listed()).toEqual(before);
  });

  test("a full list of custom metadata does not fail the write", async () => {
    const key = keyAt();
    await bao.api("POST", `secret/metadata/${key.path}`, {
      custom_metadata: Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`k${at}`, "v"])),
    });
    await put(key, fresh());
    await put({ ...key, field: "OTHER" }, fresh());
  });

  test("a token that may create and not patch is told which right is missing", async () => {
    const token = await tokenFor(bao, 'path "secret/data/apps/*" { capabilities = ["create", "read", "update"] }');
    const [limited, key] = [await open(token), keyAt()];
    await put(key, fresh(), limited);
    await expect(put({ ...key, field: "OTHER" }, fresh(), limited)).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining('"patch"') as string,
    });
  });

  test("another writer in between: a sibling's write is waited out, our own field's is a conflict", async () => {
    const key = keyAt();
    const { version } = await put(key, fresh());
    // Each answer to a read is followed by someone else's write, a few times over.
    let left = 3;
    const proxy = createServer((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => void forward());
      const forward = async (): Promise<void> => {
        const headers = {
          "X-Vault-Token": bao.token,
          "Content-Type": request.headers["content-type"] ?? "application/json",
        };
        const there = await fetch(`${bao.address}${request.url}`, {
          method: request.method ?? "GET",
          headers,
          body: chunks.length > 0 ? Buffer.concat(chunks) : null,
        });
        const text = await there.text();
        if (request.method === "GET" && request.url?.includes("/data/") && left-- > 0)
          await bao.api("PATCH", `secret/data/${key.path}`, { data: { busy: String(left) } });
        answer.writeHead(there.status, { "Content-Type": "application/json" }).end(text);
      };
    }).listen(0, "127.0.0.1");
    await new Promise((done) => proxy.once("listening", done));
    const busy = await open(bao.token, {}, `http://127.0.0.1:${(proxy.address() as { port: number }).port}`);
    const value = fresh();
    await put(key, value, busy, version);
    expect(left).toBeLessThan(0);
    expect((await store.get(key))?.value).toEqual(value);
    await bao.api("PATCH", `secret/data/${key.path}`, { data: { [key.field]: "theirs" } });
    await expect(put(key, fresh(), busy, version)).rejects.toMatchObject({ code: "conflict" });
    proxy.close();
  });

  test("a value that the server finds too large is refused", async () => {
    await expect(put(keyAt(), Secret.of("x".repeat(2 * 1024 * 1024)))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("larger than a Vault entry") as string,
    });
    await put(keyAt(), Secret.of("x".repeat(900 * 1024)));
  });

  test("variables' names that JavaScript clients drop are refused, not lost", async () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      expect(() => store.key({ subject: "api", project: "", name })).toThrow(UnsprawlError);
    }
    for (const field of ["toString", "hasOwnProperty", "length", "data", "options", "cas"]) {
      const [key, value] = [keyAt(field), fresh()];
      expect(await store.get(key)).toBe(null);
      await put(key, value);
      await put({ ...key, field: `${field}2` }, value);
      expect((await store.get(key))?.value).toEqual(value);
    }
  });

  test("a token that may neither see the mount nor read there is told what to ask for; kvVersion is believed", async () => {
    const fake = createServer((request, answer) => {
      const [status, body] = request.url?.includes("/sys/internal/")
        ? [403, { errors: ["preflight capability check returned 403"] }]
        : request.url?.includes("lookup-self")
          ? [200, { data: { ttl: 0 } }]
          : [403, { errors: ["1 error occurred:\n\t* permission denied\n\n"] }];
      answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    await new Promise((done) => fake.once("listening", done));
    const address = `http://127.0.0.1:${(fake.address() as { port: number }).port}`;
    await expect((await open("t", {}, address)).get(keyAt())).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("or the token has no right to read below it") as string,
      hint: expect.stringContaining("unsprawl stores policy --to") as string,
    });
    await expect((await open("t", { kvVersion: 2 }, address)).get(keyAt())).rejects.toMatchObject({
      message: expect.stringContaining("may not read secret/data/") as string,
    });
    fake.close();
  });
});

describe("KV v1", () => {
  test("siblings of any type survive", async () => {
    const one = await open(bao.token, { mount: "kv1" });
    const key = keyAt();
    await bao.api("POST", `kv1/${key.path}`, { text: "x", nested: { a: [1] } });
    await put(key, fresh(), one);
    expect(await data(`kv1/${key.path}`)).toMatchObject({ text: "x", nested: { a: [1] } });
    await one.remove(key, () => true);
    expect(await data(`kv1/${key.path}`)).toEqual({ text: "x", nested: { a: [1] } });
  });

  test("the secret goes with its last field, and the check says what v1 lacks", async () => {
    const one = await open(bao.token, { mount: "kv1" });
    const key = keyAt();
    await put(key, fresh(), one);
    await one.remove(key, () => true);
    await absent(`kv1/${key.path}`);
    expect((await one.check()).find((line) => line.right === "check-and-set")).toMatchObject({
      ok: false,
      hint: expect.stringContaining("KV version 2") as string,
    });
  });
});
