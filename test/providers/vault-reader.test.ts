import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec, placed } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { tokenFor, writerPolicy } from "./vault-world.ts";

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
describe("the runtime's credential", () => {
  const readBy = async (
    issuer: Provider,
    config: { readonly [key: string]: Json } = {},
  ): Promise<{ reader: Provider; settings: { readonly [key: string]: Json } }> => {
    const issued = await issuer.issueReader();
    const to = mkdtempSync(join(dir, "reader-"));
    const settings = { ...placed(issued.config, issued.files, to), ...config };
    return { reader: await openSpec({ provider: "vault", config: settings, env: {}, dir: to }), settings };
  };

  test("without AppRole a periodic orphan token, with AppRole a role; both read below the prefix and nowhere else", async () => {
    const [key, value] = [keyAt(), fresh()];
    await put(key, value);
    await bao.api("POST", "secret/data/other/x", { data: { A: "b" } });
    const byToken = await readBy(store);
    expect(byToken.settings).toMatchObject({ auth: { method: "token" }, kvVersion: 2 });
    await bao.api("POST", "sys/auth/approle", { type: "approle" });
    const byRole = await readBy(store);
    expect(byRole.settings).toMatchObject({ auth: { method: "approle", mount: "approle" } });
    for (const { reader } of [byToken, byRole]) {
      expect((await reader.get(key))?.value).toEqual(value);
      await expect(reader.get({ path: "other/x", field: "A" })).rejects.toMatchObject({ code: "denied" });
      await expect(put(keyAt(), value, reader)).rejects.toMatchObject({ code: "denied" });
    }
  });

  test("outlives the token that issued it", async () => {
    const policy = `${writerPolicy("secret", 2)}
      path "sys/policies/acl/unsprawl-runtime-*" { capabilities = ["create", "update"] }
      path "auth/approle/role/unsprawl-runtime-*" { capabilities = ["create", "read", "update"] }`;
    const token = await tokenFor(bao, policy);
    const { reader } = await readBy(await open(token));
    await bao.api("POST", "auth/token/revoke", { token });
    expect(await reader.get(keyAt())).toBe(null);
  });

  test("what was issued can be ended: a secret id and a token log nobody in any more, and others stay", async () => {
    const issuedTo = async (issuer: Provider) => {
      const issued = await issuer.issueReader();
      const to = mkdtempSync(join(dir, "ended-"));
      return {
        issued,
        reader: await openSpec({
          provider: "vault",
          config: placed(issued.config, issued.files, to),
          env: {},
          dir: to,
        }),
      };
    };
    await bao.api("POST", "sys/auth/approle", { type: "approle" }).catch(() => null);
    const [byRole, other] = [await issuedTo(store), await issuedTo(store)];
    await store.revokeReader?.(byRole.issued);
    // It is gone, and once more is no error.
    await store.revokeReader?.(byRole.issued);
    await expect(byRole.reader.get(keyAt())).rejects.toMatchObject({ code: "denied" });
    expect(await other.reader.get(keyAt())).toBe(null);
    await bao.api("DELETE", "sys/auth/approle");
    const [byToken, second] = [await issuedTo(store), await issuedTo(store)];
    expect(byToken.issued.config).toMatchObject({ auth: { method: "token" } });
    await store.revokeReader?.(byToken.issued);
    await expect(byToken.reader.get(keyAt())).rejects.toMatchObject({ code: "denied" });
    expect(await second.reader.get(keyAt())).toBe(null);
    const elsewhere = { ...second.issued, config: { ...second.issued.config, address: "https://elsewhere" } };
    await expect(store.revokeReader?.(elsewhere)).rejects.toMatchObject({ code: "refused" });
    expect(await second.reader.get(keyAt())).toBe(null);
  });

  test("who may not end a secret id is told so, with the policy to add", async () => {
    await bao.api("POST", "sys/auth/approle", { type: "approle" });
    const issued = await store.issueReader();
    const weak = await open(await tokenFor(bao, writerPolicy("secret", 2)));
    await expect(weak.revokeReader?.(issued)).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining("secret-id/destroy") as string,
    });
    await bao.api("DELETE", "sys/auth/approle");
  });

  test("lacking rights: denied, with the policy and what to pass instead", async () => {
    const token = await tokenFor(bao, writerPolicy("secret", 2));
    const error = await (await open(token)).issueReader().catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: "denied",
      hint: expect.stringContaining('path "secret/data/apps/*" { capabilities = ["read"] }') as string,
    });
    expect((error as UnsprawlError).hint).toMatch(/roleIdFile.*secretIdFile.*tokenFile/);
  });

  test("a path without a placeholder, and KV v1", async () => {
    const flat = await open(bao.token, { path: "all" });
    const [key, value] = [flat.key({ subject: "api", project: "", name: "A" }), fresh()];
    await put(key, value, flat);
    const { reader } = await readBy(flat);
    expect((await reader.get(key))?.value).toEqual(value);
    await expect(reader.get({ path: "all/more", field: "A" })).rejects.toMatchObject({ code: "denied" });
    const one = await open(bao.token, { mount: "kv1", path: "{project}/{subject}" });
    const nested = one.key({ subject: "api", project: "shop", name: "A" });
    await put(nested, value, one);
    expect((await (await readBy(one)).reader.get(nested))?.value).toEqual(value);
  });
});
