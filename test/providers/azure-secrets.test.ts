import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { inspect, promisify } from "node:util";
import { ClientSecretCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { azureSpec } from "./azure-world.ts";

const RUN = { runId: "20261125-000000-test", subject: "api" };
const OURS = { "managed-by": "unsprawl" };

let vault: KeyVault;
let store: Provider;
beforeAll(async () => {
  vault = await startKeyVault({ windows: { deleting: 700, recovering: 700, settling: 300 } });
  store = await openSpec(azureSpec(vault, "writer"));
});
afterAll(() => vault?.stop());

const fresh = (): Secret => Secret.of(randomBytes(18).toString("base64"));
const subject = (): string => `api-${randomBytes(5).toString("hex")}`;
const keyOf = (of: string, name = "DB_PASSWORD"): StoreKey => store.key({ subject: of, project: "", name });
/** Something that others wrote: its value, in the double's own hands. */
const foreign = (name: string, tags: { readonly [name: string]: string } = { owner: "team" }): Secret => {
  const value = fresh();
  vault.api("PUT", `/secrets/${name}`, { value: value.exposeText(), tags });
  return value;
};
const refused = async (act: Promise<unknown>): Promise<UnsprawlError> => {
  const error: unknown = await act.then(
    () => new Error("it did not fail"),
    (one: unknown) => one,
  );
  expect(error, inspect(error)).toBeInstanceOf(UnsprawlError);
  return error as UnsprawlError;
};

test("tags and content type say what was written, and an independent client reads the same bytes", async () => {
  const [of, value] = [subject(), Secret.of("a$b\n'\"\u{1f511} ")];
  const key = keyOf(of);
  await store.put(key, value, null, RUN);
  const { clients, tenant, authorityHost, caFile, url } = vault;
  const tlsOptions = { ca: readFileSync(caFile, "utf8") };
  const who = new ClientSecretCredential(tenant, clients.reader.id, clients.reader.secret, {
    authorityHost,
    tlsOptions,
  });
  const other = new SecretClient(url, who, { disableChallengeResourceVerification: true, tlsOptions });
  const read = await other.getSecret(key.path);
  expect(Secret.of(read.value ?? "").equals(value)).toBe(true);
  expect(read.properties.contentType).toBe("text/plain");
  expect(read.properties.tags).toEqual({
    ...OURS,
    "unsprawl-name": "DB_PASSWORD",
    "unsprawl-subject": of,
    "unsprawl-run": RUN.runId,
    "unsprawl-write": expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test("another process learns the variable's name from the tags; without them, what the template tells", async () => {
  const of = subject();
  await store.put(keyOf(of, "DB_URL"), fresh(), null, RUN);
  foreign(`${of}-x-API-KEY`);
  const other = await openSpec(azureSpec(vault, "writer"));
  const [known, guessed] = await other.list(of);
  expect(other.names(known ?? { path: "", field: "" })).toMatchObject({ subject: of, name: "DB_URL" });
  expect(other.names(guessed ?? { path: "", field: "" })).toMatchObject({ subject: "api" });
});

test("another variable's secret is not overwritten, not even with its version", async () => {
  const of = subject();
  const [key, value] = [keyOf(of, "DB_KEY"), fresh()];
  const { version } = await store.put(key, value, null, RUN);
  const other = await openSpec(azureSpec(vault, "writer"));
  const same = other.key({ subject: of, project: "", name: "db-key" });
  const error = await refused(other.put(same, fresh(), version, RUN));
  expect(error.code).toBe("conflict");
  expect(error.message).toContain(`DB_KEY of ${of}; db-key of ${of}`);
  expect((await store.get(key))?.value).toEqual(value);
});

test("the tags tell the project too: another project's secret of the same name is not overwritten", async () => {
  const of = subject();
  const names = { subject: of, name: "DB_KEY" };
  const [key, value] = [store.key({ ...names, project: "shop_a" }), fresh()];
  const { version } = await store.put(key, value, null, RUN);
  expect(vault.peek(key.path).at(-1)?.tags).toMatchObject({ "unsprawl-project": "shop_a", "unsprawl-subject": of });
  const other = await openSpec(azureSpec(vault, "writer"));
  await other.list(`shop-a--${of}`);
  expect(other.names(key)).toMatchObject({ ...names, project: "shop_a" });
  const third = await openSpec(azureSpec(vault, "writer"));
  expect(third.key({ ...names, project: "shop-a" })).toEqual(key);
  expect((await refused(third.put(key, fresh(), version, RUN))).code).toBe("conflict");
  expect((await store.get(key))?.value).toEqual(value);
});

test("a foreign secret that is replaced keeps its tags, stays foreign, and is not deleted", async () => {
  const of = subject();
  const key = keyOf(of);
  foreign(key.path, { "managed-by": "terraform", owner: "team" });
  const there = await store.get(key);
  await refused(store.put(key, fresh(), null, RUN));
  await store.put(key, fresh(), there?.version ?? "", RUN);
  expect(vault.peek(key.path).at(-1)?.tags).toMatchObject({ "managed-by": "terraform", owner: "team" });
  const error = await refused(store.remove(key, () => true));
  expect([error.code, error.hint]).toEqual(["conflict", expect.stringContaining("az keyvault secret delete")]);
  const full = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`t${at}`, "x"]));
  foreign(`${of}-FULL`, full);
  const tagged = keyOf(of, "FULL");
  const current = await store.get(tagged);
  expect((await refused(store.put(tagged, fresh(), current?.version ?? "", RUN))).code).toBe("refused");
});

test("what unsprawl removed is recovered when it is written again, however slow the vault is", async () => {
  const [key, first, second] = [keyOf(subject()), fresh(), fresh()];
  await store.put(key, first, null, RUN);
  expect(await store.remove(key, (value) => value.equals(first))).toBe(true);
  expect(await store.get(key)).toBe(null);
  await store.put(key, second, null, RUN);
  expect((await store.get(key))?.value).toEqual(second);
  expect(vault.peek(key.path)).toHaveLength(2);
});

test("what others soft-deleted stays so, until recover: true brings it back; it is never overwritten or purged", async () => {
  const key = keyOf(subject());
  const value = foreign(key.path);
  vault.api("DELETE", `/secrets/${key.path}`);
  // While it is being deleted, and after.
  const error = await refused(store.put(key, fresh(), null, RUN));
  expect(error.code).toBe("conflict");
  expect(error.hint).toContain("recover: true");
  expect(error.hint).toContain(`az keyvault secret recover --vault-name localhost --name ${key.path}`);
  expect(await store.get(key)).toBe(null);
  const recovering = await openSpec(azureSpec(vault, "writer", { recover: true }));
  const told = await refused(recovering.put(key, fresh(), null, RUN));
  expect([told.code, told.hint]).toEqual(["conflict", expect.stringContaining("--overwrite")]);
  const back = await recovering.get(key);
  expect(back?.value).toEqual(value);
  const next = fresh();
  await expect.poll(() => recovering.put(key, next, back?.version ?? "", RUN).then(() => "written")).toBe("written");
  expect((await store.get(key))?.value).toEqual(next);
});

test("another writer at the same moment is told, whether something was there or not", async () => {
  for (const there of [false, true]) {
    const key = keyOf(subject());
    const replace = there ? (await store.put(key, fresh(), null, RUN)).version : null;
    const path = new RegExp(`^/secrets/${key.path}$`);
    const fault = vault.fault({ method: /^PUT$/, path, delay: 2_000 });
    const writing = refused(store.put(key, fresh(), replace, RUN));
    await expect.poll(() => fault.hits).toBe(1);
    foreign(key.path);
    const error = await writing;
    expect([error.code, error.hint]).toEqual(["conflict", expect.stringContaining("list-versions")]);
  }
});

test("a pinned reference reads its own version, and cannot be written", async () => {
  const pinning = await openSpec(azureSpec(vault, "writer", { pinVersion: true }));
  const of = subject();
  const key = pinning.key({ subject: of, project: "shop", name: "KEY" });
  expect(pinning.reference(key)).not.toMatch(/\/[0-9a-f]{32}$/);
  const [first, second] = [fresh(), fresh()];
  const { version } = await pinning.put(key, first, null, RUN);
  const pinned = pinning.parse(pinning.reference(key)) ?? key;
  expect(pinned.path).toMatch(new RegExp(`^${key.path}/[0-9a-f]{32}$`));
  await pinning.put(key, second, version, RUN);
  expect((await store.get(pinned))?.value).toEqual(first);
  expect((await store.get(key))?.value).toEqual(second);
  expect(pinning.reference(key)).not.toBe(pinning.reference(pinned));
  expect((await refused(pinning.put(pinned, fresh(), null, RUN))).code).toBe("refused");
  expect((await refused(pinning.remove(pinned, () => true))).code).toBe("refused");
  expect(await store.get({ path: `${key.path}/${"0".repeat(32)}`, field: "" })).toBe(null);
});

test("the list goes over all pages, in order, and names the disabled ones and certificates that it leaves out", async () => {
  const of = subject();
  const names = Array.from({ length: 60 }, (_, at) => `${of}-N${String(at).padStart(2, "0")}`);
  for (const name of names.toReversed()) foreign(name);
  vault.api("PUT", `/secrets/${of}-OFF`, { value: "x", attributes: { enabled: false } });
  vault.api("PUT", `/secrets/${of}-PFX`, { value: "x", contentType: "application/x-pkcs12" });
  const omitted: string[] = [];
  const listed = await store.list(of.toUpperCase(), (path) => void omitted.push(path));
  expect(listed).toEqual(names.map((path) => ({ path, field: "" })));
  expect(omitted).toEqual([`${of}-OFF`, `${of}-PFX`]);
  const off = await refused(store.get({ path: `${of}-OFF`, field: "" }));
  expect([off.code, off.hint]).toEqual(["denied", expect.stringContaining("set-attributes")]);
});

test("where the configuration and its environment say nothing, the SDK's own credentials are used", async () => {
  const [key, value] = [keyOf(subject()), fresh()];
  await store.put(key, value, null, RUN);
  const script = `
    const { provider } = await import(${JSON.stringify(new URL("../../providers/azure-key-vault/index.ts", import.meta.url).href)});
    const { url, caFile, path } = JSON.parse(process.argv[1]);
    const config = { url, caFile, challengeResourceVerification: false, auth: { method: "default" } };
    const store = await provider.open("store", config, { env: {}, dir: "/" });
    process.stdout.write(String((await store.get({ path, field: "" })).value.length));
  `;
  const { NODE_EXTRA_CA_CERTS: _, ...env } = vault.env("reader");
  const { url, caFile } = vault;
  const args = ["--input-type=module", "-e", script, JSON.stringify({ url, caFile, path: key.path })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { HOME: vault.dir, PATH: "", ...env } });
  expect(stdout).toBe(String(value.length));
});

test("without a reader's identity an operator is told how to make one", async () => {
  const error = await refused(store.issueReader());
  expect(error.code).toBe("denied");
  expect(error.hint).toMatch(/az ad sp create-for-rbac .*reader: \{ tenantId, clientId, clientSecretFile \}/s);
});
