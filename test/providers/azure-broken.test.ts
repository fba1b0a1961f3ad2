import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { failed, Failure, failureOf } from "../../providers/azure-key-vault/errors.ts";
import { readSettings } from "../../providers/azure-key-vault/settings.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec, type StoreSpec } from "../conformance/spec.ts";
import type { FaultRule } from "../services/key-vault-faults.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { azureSpec } from "./azure-world.ts";

const RUN = { runId: "20261125-000000-test", subject: "api" };

let vault: KeyVault;
let store: Provider;
beforeAll(async () => {
  vault = await startKeyVault();
  store = await openSpec(azureSpec(vault, "writer"));
});
afterEach(() => vault.clearFaults());
afterAll(() => vault?.stop());

const fresh = (): Secret => Secret.of(randomBytes(18).toString("base64"));
const keyOf = (): StoreKey =>
  store.key({ subject: `api-${randomBytes(5).toString("hex")}`, project: "shop", name: "DB_PASSWORD" });
const failure = async (act: Promise<unknown>, value: Secret | null = null): Promise<UnsprawlError> => {
  const error: unknown = await act.then(
    () => new Error("it did not fail"),
    (one: unknown) => one,
  );
  const said = inspect(error, { depth: 9, showHidden: true });
  expect(error, said).toBeInstanceOf(UnsprawlError);
  for (const secret of [...Object.values(vault.clients).map((one) => one.secret), value?.exposeText() ?? ""])
    if (secret !== "") expect(said.includes(secret), "an error quotes a secret").toBe(false);
  return error as UnsprawlError;
};
const as = (env: { readonly [name: string]: string }, config: StoreSpec["config"] = {}): Promise<Provider> => {
  const writer = azureSpec(vault, "writer", config);
  return openSpec({ ...writer, env: { ...writer.env, ...env } });
};

test("Retry-After is honoured, and without one the wait grows", async () => {
  const [key, value] = [keyOf(), fresh()];
  await store.put(key, value, null, RUN);
  const path = new RegExp(`^/secrets/${key.path}$`);
  const asked = vault.fault({ method: /^GET$/, path, fail: { status: 429, retryAfter: 1 } });
  const began = Date.now();
  expect((await store.get(key))?.value).toEqual(value);
  expect(Date.now() - began).toBeGreaterThan(950);
  const unasked = vault.fault({ method: /^GET$/, path, times: 2, fail: { status: 429 } });
  expect((await store.get(key))?.value).toEqual(value);
  expect([asked.hits, unasked.hits]).toEqual([1, 2]);
});

test("a vault that asks to wait for longer than anybody would is not waited for", async () => {
  const [key, value] = [keyOf(), fresh()];
  vault.fault({ method: /^PUT$/, times: 9, fail: { status: 429, retryAfter: 3600 } });
  const began = Date.now();
  const error = await failure(store.put(key, value, null, RUN), value);
  expect(error.code).toBe("throttled");
  expect(error.message).toContain("3600 s");
  expect(Date.now() - began).toBeLessThan(100_000);
  expect(vault.peek(key.path)).toEqual([]);
});

test.for<[string, FaultRule["fail"], number]>([
  ["lost", "lost", 1],
  ["cut off", "cut", 1],
  ["lost twice", "lost", 2],
  ["a reset before anything was done", "reset", 1],
  ["resets", "reset", 2],
  ["a service that is away", { status: 503 }, 2],
])("an answer that is %s leaves exactly one version", async ([, fail, times]) => {
  const [key, value] = [keyOf(), fresh()];
  const fault = vault.fault({ method: /^PUT$/, times, ...(fail === undefined ? {} : { fail }) });
  const { version } = await store.put(key, value, null, RUN);
  expect(fault.hits).toBeGreaterThan(0);
  expect(vault.peek(key.path)).toHaveLength(1);
  const { written: _when, ...stored } = (await store.get(key)) ?? {};
  expect(stored).toMatchObject({ value, version });
  vault.clearFaults();
  const next = fresh();
  vault.fault({ method: /^PUT$/, ...(fail === undefined ? {} : { fail }) });
  await store.put(key, next, version, RUN);
  expect(vault.peek(key.path).map((one) => one.value === next.exposeText())).toEqual([false, true]);
});

test("a removal whose answer is lost is done, and told so", async () => {
  for (const fail of ["lost", "cut", "reset"] as const) {
    const [key, value] = [keyOf(), fresh()];
    await store.put(key, value, null, RUN);
    const fault = vault.fault({ method: /^DELETE$/, fail });
    expect(await store.remove(key, (one) => one.equals(value))).toBe(true);
    expect(fault.hits).toBe(1);
    expect(await store.get(key)).toBe(null);
  }
});

test("idle connections that the other side has closed cost nothing", async () => {
  const [key, value] = [keyOf(), fresh()];
  await store.put(key, value, null, RUN);
  vault.dropConnections(1);
  expect((await store.get(key))?.value).toEqual(value);
});

test.for(["expired", "revoked"] as const)("a token that is %s in the middle of a run is taken anew", async (how) => {
  const [key, value] = [keyOf(), fresh()];
  await store.put(key, value, null, RUN);
  const before = vault.logins;
  vault.expireTokens(how);
  expect(await Promise.all([store.get(key), store.get(key)])).toMatchObject([{ value }, { value }]);
  vault.expireTokens(how);
  await store.put(keyOf(), fresh(), null, RUN);
  expect(vault.logins).toBeGreaterThan(before);
});

test("a missing right is named, and what gives it", async () => {
  const [key, value] = [keyOf(), fresh()];
  await store.put(key, value, null, RUN);
  const [reader, setter] = await Promise.all(
    (["getter", "setter"] as const).map((client) => openSpec(azureSpec(vault, client))),
  );
  const list = await failure(reader?.list("") ?? Promise.resolve());
  expect([list.code, list.message]).toEqual(["denied", expect.stringContaining("list its secrets")]);
  expect(list.hint).toMatch(/^az role assignment create .*Key Vault Secrets Officer/);
  const get = await failure(setter?.get(key) ?? Promise.resolve(), value);
  expect([get.code, get.message]).toEqual(["denied", expect.stringContaining(`get the secret ${key.path}`)]);
  const write = await failure(setter?.put(key, fresh(), null, RUN) ?? Promise.resolve());
  expect([write.code, write.message]).toEqual(["denied", expect.stringContaining(`versions of ${key.path}`)]);
  const lines = await reader?.check();
  expect(lines?.find(({ right, ok }) => right === "write" && !ok)).toMatchObject({
    hint: expect.stringContaining("az role"),
  });
});

test.for<[string, { readonly [name: string]: string }, RegExp, RegExp]>([
  ["a wrong secret", { AZURE_CLIENT_SECRET: "no-such" }, /secret is wrong/, /AZURE_CLIENT_SECRET/],
  ["an unknown client", { AZURE_CLIENT_ID: "no-such" }, /no such client/, /AZURE_CLIENT_ID/],
  ["a tenant that is none", { AZURE_TENANT_ID: "a b" }, /issues no token/, /AZURE_TENANT_ID/],
  [
    "another tenant than the vault's",
    { AZURE_TENANT_ID: "11111111-2222-3333-4444-555555555555" },
    /another tenant/,
    /vault's tenant/,
  ],
])("%s is denied, and said which variable", async ([, env, what, hint]) => {
  const error = await failure((await as(env)).get(keyOf()));
  expect([error.code, error.message, error.hint]).toEqual([
    "denied",
    expect.stringMatching(what),
    expect.stringMatching(hint),
  ]);
});

test.for<[string, { readonly [name: string]: string }, StoreSpec["config"], string, RegExp]>([
  ["a CA that nobody knows", { NODE_EXTRA_CA_CERTS: "" }, {}, "unreachable", /CA that is not trusted/],
  ["a name that does not resolve", {}, { url: "https://team.invalid" }, "unreachable", /not resolve/],
  ["nobody there", {}, { url: "https://127.0.0.1:1" }, "unreachable", /refuses the connection/],
  ["no login server", { AZURE_AUTHORITY_HOST: "https://127.0.0.1:1" }, {}, "unreachable", /login server/],
  ["a host name of its own", {}, { challengeResourceVerification: true }, "config", /another domain/],
  ["a CA file that is not there", {}, { caFile: "no-such-file" }, "config", /no CA file/],
])("%s: said, with what to do", async ([, env, config, code, what]) => {
  const away = await as(env, config);
  const error = await failure(away.get(keyOf()));
  expect([error.code, error.message, error.hint]).toEqual([code, expect.stringMatching(what), expect.any(String)]);
  expect((await away.check()).at(-1)).toMatchObject({ ok: false, hint: expect.any(String) });
});

test("the command that grants a right is of the vault's own permission model", () => {
  const settings = readSettings({ url: "https://team.vault.azure.net" }, { env: {}, dir: "/" });
  const hint = (inner: string): string =>
    failed(new Failure(403, "Forbidden", inner), { right: "get", name: "a" }, settings).hint ?? "";
  const [role, policy] = ["az role assignment create", "az keyvault set-policy"];
  for (const [inner, ...commands] of [
    ["ForbiddenByRbac", role],
    ["ForbiddenByPolicy", policy],
    ["AccessDenied", policy],
    ["", role, policy],
  ])
    expect(
      [role, policy].filter((command) => hint(inner ?? "").includes(command ?? "")),
      inner,
    ).toEqual(commands);
});

test("the names of failed connections are told apart, and nothing else of them is kept", () => {
  const body = randomBytes(12).toString("hex");
  const kept = failureOf(Object.assign(new Error(body), { code: "ECONNRESET", request: { body } }));
  expect(inspect(kept, { depth: 9, showHidden: true })).not.toContain(body);
  expect(kept.unsure).toBe(true);
  for (const code of ["ECONNREFUSED", "ENOTFOUND", "ERR_TLS_CERT_ALTNAME_INVALID", "SELF_SIGNED_CERT_IN_CHAIN"])
    expect(failureOf({ code }).unsure, code).toBe(false);
  for (const error of [{ statusCode: 429 }, { statusCode: 403 }]) expect(failureOf(error).unsure).toBe(false);
  for (const error of [{ statusCode: 500 }, { name: "AbortError" }, { code: "PARSE_ERROR" }, new TypeError()])
    expect(failureOf(error).unsure).toBe(true);
});
