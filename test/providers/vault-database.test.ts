import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { provider } from "../../providers/vault/index.ts";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec, placed } from "../conformance/spec.ts";
import { databaseEngine, type DatabaseEngine } from "../services/database-engine.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { makeWorld, type World } from "../support/world.ts";
import { relay } from "./vault-forwarder.ts";
import { tokenFor } from "./vault-world.ts";

// The database engine's static roles are read; what it would make by being read is not.

const LOGIN = "ref+vault://database/static-creds/app#/password";
const LEASED = "ref+vault://database/creds/leased#/password";
let bao: OpenBao;
let engine: DatabaseEngine;
let world: World;
let dir: string;

beforeAll(async () => {
  bao = await startOpenBao();
  engine = await databaseEngine(bao);
  await engine.login("app", randomBytes(12).toString("hex"));
  await engine.adopt("app", 3600);
  world = makeWorld("", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  dir = mkdtempSync(join(tmpdir(), "unsprawl-db-"));
});
afterAll(async () => {
  await Promise.all([bao?.stop(), engine?.postgres.stop()]);
  world?.remove();
  rmSync(dir, { recursive: true, force: true });
});

const open = (config: { readonly [key: string]: Json } = {}, token = bao.token): Promise<Provider> =>
  openSpec({
    provider: "vault",
    config: { mount: "database", ...config },
    env: { HOME: dir, VAULT_ADDR: bao.address, VAULT_TOKEN: token },
    dir,
  });
const keyOf = (store: Provider, reference: string): NonNullable<ReturnType<Provider["parse"]>> => {
  const key = store.parse(reference);
  if (key === null) throw new Error(`${reference} is not of the store`);
  return key;
};

describe("a static role", () => {
  it("is read by its reference, with the time of its last rotation", async () => {
    const store = await open();
    const stored = await store.get(keyOf(store, LOGIN));
    const password = await engine.password("app");
    expect(stored?.value.exposeText() === password).toBe(true);
    expect(await engine.postgres.logsIn("app", password)).toBe(true);
    const username = keyOf(store, "ref+vault://database/static-creds/app#/username");
    expect((await store.get(username))?.value.exposeText()).toBe("app");
    await bao.api("POST", "database/rotate-role/app");
    const later = await store.get(keyOf(store, LOGIN));
    expect(stored !== null && later?.value.equals(stored.value)).toBe(false);
    expect(later?.written?.clock).toBe("store");
    expect(later?.written?.at).toBeGreaterThan(stored?.written?.at ?? Infinity);
  });

  it("that is not there is absent, and one that may not be read is denied with the line that allows it", async () => {
    const store = await open();
    expect(await store.get({ path: "static-creds/nobody", field: "password" })).toBeNull();
    for (const field of ["nothing", "ttl"]) expect(await store.get({ path: "static-creds/app", field })).toBeNull();
    const token = await tokenFor(bao, 'path "database/static-creds/other" { capabilities = ["read"] }');
    const narrow = await open({}, token);
    await expect(narrow.get(keyOf(narrow, LOGIN))).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining('path "database/static-creds/app" { capabilities = ["read"] }'),
    });
  });

  it("is all that its reader may read", async () => {
    const issued = await (await open()).issueReader();
    const to = mkdtempSync(join(dir, "reader-"));
    const config = placed(issued.config, issued.files, to);
    const reader = await openSpec({ provider: "vault", config, env: {}, dir: to });
    const password = await engine.password("app");
    expect((await reader.get(keyOf(reader, LOGIN)))?.value.exposeText() === password).toBe(true);
    const token = issued.files.find(({ name }) => name === "token")?.content.exposeText() ?? "";
    for (const path of ["creds/leased", "static-roles/app", "config/pg"])
      await expect(bao.api("GET", `database/${path}`, undefined, token)).rejects.toThrow(/: 403 /);
    expect(await (await open()).policy({ subject: "app", project: "" })).toContain(
      'path "database/static-creds/app" { capabilities = ["read"] }',
    );
  });
});

describe("the database engine", () => {
  it("gives a role to the subject of its name where the path says so", async () => {
    const store = await open({ path: "static-creds/{subject}" });
    expect(store.names(keyOf(store, LOGIN))).toMatchObject({ subject: "app", project: "" });
    expect((await open()).names(keyOf(store, LOGIN)).subject).toBe("");
  });

  it("is never written, listed or emptied", async () => {
    const store = await open();
    const [key, value, origin] = [keyOf(store, LOGIN), Secret.of("x"), { runId: "r", subject: "web" }];
    const refused = { code: "refused", message: expect.stringContaining("logins are only read") };
    await expect(store.put(key, value, null, origin)).rejects.toMatchObject(refused);
    await expect(store.remove(key, () => true)).rejects.toMatchObject(refused);
    await expect(store.mayPut?.(key)).rejects.toMatchObject(refused);
    await expect(store.list("")).rejects.toMatchObject(refused);
    await expect(store.get({ path: "apps/web", field: "DB_PASSWORD" })).rejects.toMatchObject({ code: "refused" });
    await expect(open({ kvVersion: 1 }).then((one) => one.get(key))).rejects.toMatchObject({ code: "config" });
  });

  it("makes no login by being read, also where nobody says that it is one", async () => {
    const isKind = (path = ""): boolean => path.startsWith("/v1/sys/internal/ui/mounts/");
    const gateway = await relay(bao.address, async ({ url }, pass) =>
      isKind(url) ? { status: 403, text: '{"errors":["permission denied"]}' } : pass(),
    );
    const refused = { code: "refused", message: expect.stringContaining("makes a new login") };
    const unsaid = { address: gateway.url };
    for (const config of [{}, unsaid, { ...unsaid, kvVersion: 1 }, { ...unsaid, path: "creds/{subject}" }]) {
      const store = await open(config);
      // What one caller may not read says nothing about another's path; once that is known, the refusal stays.
      const [leased, login] = await Promise.allSettled([LEASED, LOGIN].map((one) => store.get(keyOf(store, one))));
      expect([leased, login?.status]).toMatchObject([{ reason: refused }, "fulfilled"]);
      await expect(store.get(keyOf(store, LEASED))).rejects.toMatchObject(refused);
    }
    gateway.stop();
    expect(await engine.leases()).toBe(0);
    await bao.api("GET", "database/creds/leased");
    expect(await engine.leases()).toBe(1);
  });

  it("is no KV engine's: a path creds/ there is read", async () => {
    await bao.api("POST", "sys/mounts/one", { type: "kv", options: { version: "1" } });
    await bao.api("POST", "one/creds/web", { A: "plain" });
    const store = await provider.open(
      "one",
      { mount: "one" },
      { env: { HOME: dir, VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token }, dir },
    );
    expect((await store.get({ path: "creds/web", field: "A" }))?.value.exposeText()).toBe("plain");
  });
});

describe("a command", () => {
  beforeAll(() => {
    writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { db: { provider: vault, mount: database } }\n");
  });

  it("gets the login of a static role", async () => {
    const password = await engine.password("app");
    const script = `[ "$PGPASSWORD" = "$(cat "$0")" ] && [ "$PGUSER" = app ] && echo same`;
    writeFileSync(join(world.dir, "expected"), password, { mode: 0o600 });
    const { code, stdout, stderr } = await world.unsprawl(
      ["run", "--", "sh", "-c", script, join(world.dir, "expected")],
      { env: { PGPASSWORD: LOGIN, PGUSER: "ref+vault://database/static-creds/app#/username" } },
    );
    expect([code, stderr, stdout]).toEqual([0, "", "same\n"]);
  });

  it("is refused the login that its reference would make", async () => {
    const before = await engine.leases();
    const { code, stderr } = await world.unsprawl(["run", "--", "true"], { env: { PGPASSWORD: LEASED } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("vault write database/static-roles/leased")]);
    expect(await engine.leases()).toBe(before);
  });

  it("checks the store without a write, and moves nothing into it", async () => {
    const checked = await world.unsprawl(["stores", "check", "db"]);
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("database/ is the database engine")]);
    const password = randomBytes(15).toString("base64url");
    world.plant({ password });
    writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${password}\n`);
    const planned = await world.unsprawl(["plan", "env:app.env", "--to", "db"]);
    expect([planned.code, planned.stdout]).toEqual([3, expect.stringContaining("0 secrets → db; 1 not moved")]);
    expect(planned.stdout).toContain("database/ is Vault's database engine: its logins are only read");
  });
});
