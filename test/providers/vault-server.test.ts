import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { KEY, ORIGIN, secureVault, type SecureVault } from "./secure-vault.ts";
import { tokenFor, writerPolicy } from "./vault-world.ts";

let vault: SecureVault;
let bao: SecureVault["bao"];
let dir: SecureVault["dir"];
let open: SecureVault["open"];
let failure: SecureVault["failure"];
beforeAll(async () => {
  vault = await secureVault();
  ({ bao, dir, open, failure } = vault);
});
afterAll(() => vault?.stop());

describe("what the server says", () => {
  test("sealed, with the command that opens it, and usable again afterwards", async () => {
    const store = await open();
    await store.get(KEY);
    await bao.seal();
    try {
      for (const one of [store, await open()]) {
        expect(await failure(one.get(KEY))).toMatchObject({
          code: "unreachable",
          message: expect.stringContaining("is sealed") as string,
          hint: expect.stringMatching(/operator unseal/) as string,
        });
      }
      const { roleIdFile, secretIdFile } = { roleIdFile: join(dir, "r"), secretIdFile: join(dir, "s") };
      for (const file of [roleIdFile, secretIdFile]) writeFileSync(file, "x");
      const byRole = await open({ config: { auth: { method: "approle", roleIdFile, secretIdFile } } });
      expect(await failure(byRole.get(KEY))).toMatchObject({
        code: "unreachable",
        message: expect.stringContaining("is sealed") as string,
      });
      expect(await store.check()).toMatchObject([
        { right: "reach", ok: false, hint: expect.stringContaining("unseal") as string },
      ]);
    } finally {
      await bao.unseal();
    }
    expect(await store.get(KEY)).toBe(null);
  });

  test("a bad token is told apart from a missing right, even when the token may not look itself up", async () => {
    const bare = await tokenFor(bao, 'path "secret/data/other/*" { capabilities = ["read"] }', {
      no_default_policy: true,
    });
    const missing = await failure((await open({ env: { VAULT_TOKEN: bare } })).get(KEY), bare);
    expect(missing).toMatchObject({
      code: "denied",
      exit: 4,
      message: "the Vault token may not read secret/data/apps/api",
      hint: 'add to its policy: path "secret/data/apps/api" { capabilities = ["read"] }',
    });
    const revoked = await tokenFor(bao, writerPolicy("secret", 2));
    const store = await open({ env: { VAULT_TOKEN: revoked } });
    expect(await store.get(KEY)).toBe(null);
    await bao.api("POST", "auth/token/revoke", { token: revoked });
    expect(await failure(store.get(KEY), revoked)).toMatchObject({
      code: "denied",
      message: expect.stringContaining("wrong, expired or revoked") as string,
    });
    for (const token of ["two words", "new\nline", "é"])
      expect(await failure((await open({ env: { VAULT_TOKEN: token } })).get(KEY), token)).toMatchObject({
        code: "config",
        message: "VAULT_TOKEN holds no token or id",
      });
  });

  test("a mount that is not there, is no KV engine, or is deeper than told", async () => {
    await bao.api("POST", "sys/mounts/team/deep", { type: "kv", options: { version: "2" } });
    expect(await failure((await open({ config: { mount: "nowhere" } })).get(KEY))).toMatchObject({
      code: "denied",
      message: expect.stringContaining("nowhere/") as string,
    });
    expect(await failure((await open({ config: { mount: "nowhere", kvVersion: 2 } })).get(KEY))).toMatchObject({
      code: "config",
      message: expect.stringContaining("no such mount") as string,
    });
    expect(await failure((await open({ config: { mount: "cubbyhole" } })).get(KEY))).toMatchObject({ code: "config" });
    expect(await failure((await open({ config: { mount: "team/deep/er" } })).get(KEY))).toMatchObject({
      code: "config",
    });
    expect(await failure((await open({ config: { kvVersion: 1 } })).get(KEY))).toMatchObject({
      code: "config",
      message: "kvVersion is 1, but secret/ is version 2",
    });
    const deep = await open({ config: { mount: "team/deep" } });
    await deep.put(KEY, Secret.of("x"), null, ORIGIN);
    expect(deep.reference(KEY)).toBe("ref+vault://team/deep/apps/api#/DB_PASSWORD");
    expect(deep.parse("ref+vault://team/deep/apps/api#/DB_PASSWORD")).toEqual(KEY);
    expect((await open()).parse("ref+vault://team/deep/apps/api#/DB_PASSWORD")).toBe(null);
  });

  test("too many requests: waits, then gives up as throttled", async () => {
    const limited = await open();
    await limited.get(KEY);
    await bao.api("POST", "sys/quotas/rate-limit/test", { path: "secret/", rate: 1, interval: "1s" });
    const values = await Promise.all(Array.from({ length: 3 }, () => limited.get(KEY)));
    expect(values).toEqual([null, null, null]);
    await bao.api("POST", "sys/quotas/rate-limit/test", {
      path: "secret/",
      rate: 1,
      interval: "1s",
      block_interval: "300s",
    });
    await limited.get(KEY).catch(() => {});
    expect(await failure(limited.get(KEY))).toMatchObject({ code: "throttled" });
    await bao.api("DELETE", "sys/quotas/rate-limit/test");
  });

  test("namespaces: from the environment and from the configuration, and in the reference", async () => {
    await bao.api("POST", "sys/namespaces/team-a", {});
    await bao.api("POST", "team-a/sys/mounts/secret", { type: "kv", options: { version: "2" } });
    const value = Secret.of("in the namespace");
    const [named, configured] = [
      await open({ env: { VAULT_NAMESPACE: "team-a/" } }),
      await open({ config: { namespace: "team-a" } }),
    ];
    await named.put(KEY, value, null, ORIGIN);
    expect((await configured.get(KEY))?.value).toEqual(value);
    expect(await (await open()).get(KEY)).toBe(null);
    const reference = "ref+vault://secret/apps/api?namespace=team-a#/DB_PASSWORD";
    expect([named.reference(KEY), configured.parse(reference), (await open()).parse(reference)]).toEqual([
      reference,
      KEY,
      null,
    ]);
    expect(configured.target.settings).toMatchObject({ namespace: "team-a" });
  });

  test.each(["", "team-n/"])("a check in a namespace of '%s' finds every right", async (parent) => {
    const namespace = `${parent}team-n`;
    await bao.api("POST", `${parent}sys/namespaces/team-n`, {});
    await bao.api("POST", `${namespace}/sys/mounts/secret`, { type: "kv", options: { version: "2" } });
    const lines = await (await open({ config: { namespace } })).check();
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    expect(lines.map(({ right }) => right)).toEqual(expect.arrayContaining(["reach", "write", "read", "delete"]));
  });
});
