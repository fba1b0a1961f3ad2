import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY, secureVault, type Options, type SecureVault } from "./secure-vault.ts";
import { roleFor, tokenFor, writerPolicy } from "./vault-world.ts";

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

/** The accessors of all tokens that an AppRole login gave. */
async function logins(): Promise<readonly string[]> {
  const { data } = (await bao.api("LIST", "auth/token/accessors")) as { data: { keys: string[] } };
  const all = data.keys.map(async (accessor) => {
    const looked = bao.api("POST", "auth/token/lookup-accessor", { accessor });
    // One that ran out meanwhile is none.
    const { path } = ((await looked.catch(() => ({ data: {} }))) as { data: { path?: string } }).data;
    return path === "auth/approle/login" ? [accessor] : [];
  });
  return (await Promise.all(all)).flat();
}

describe("AppRole and leases", () => {
  test.concurrent("one login for many calls; a token that runs out is replaced", async () => {
    const { roleIdFile, secretIdFile } = await roleFor(bao, dir, writerPolicy("secret", 2), {
      token_ttl: "8s",
      token_max_ttl: "8s",
    });
    const store = await open({
      config: { auth: { method: "approle", roleIdFile, secretIdFile } },
      env: { VAULT_TOKEN: "" },
    });
    const before = (await logins()).length;
    await Promise.all(Array.from({ length: 6 }, () => store.get(KEY)));
    expect((await logins()).length - before).toBe(1);
    await sleep(8500);
    expect(await store.get(KEY)).toBe(null);
  });

  test.concurrent("a periodic token, and one with a short lease, are renewed on use", async () => {
    const expires = async (token: string): Promise<number> => {
      const looked = await bao.api("GET", "auth/token/lookup-self", undefined, token);
      return Date.parse((looked as { data: { expire_time: string } }).data.expire_time);
    };
    const periodic = async (): Promise<void> => {
      const token = await tokenFor(bao, writerPolicy("secret", 2), { period: "20s" });
      const before = await expires(token);
      await sleep(3500);
      await (await open({ env: { VAULT_TOKEN: token } })).get(KEY);
      expect((await expires(token)) - before).toBeGreaterThanOrEqual(3000);
    };
    const short = async (): Promise<void> => {
      const token = await tokenFor(bao, writerPolicy("secret", 2), { ttl: "15s", explicit_max_ttl: "1h" });
      const store = await open({ env: { VAULT_TOKEN: token } });
      // For longer than the token would live if nothing renewed it; a machine may be slow for seconds.
      for (const until = Date.now() + 18_000; Date.now() < until; await sleep(1000))
        expect(await store.get(KEY)).toBe(null);
    };
    await Promise.all([periodic(), short()]);
  });

  test("a token that is revoked meanwhile is replaced; a used-up secret id is denied", async () => {
    const { roleIdFile, secretIdFile } = await roleFor(bao, dir, writerPolicy("secret", 2), { secret_id_num_uses: 2 });
    const store = await open({ config: { auth: { method: "approle", roleIdFile, secretIdFile } } });
    const revokeAll = async (): Promise<void> => {
      for (const accessor of await logins()) await bao.api("POST", "auth/token/revoke-accessor", { accessor });
    };
    expect(await store.get(KEY)).toBe(null);
    await revokeAll();
    expect(await store.get(KEY)).toBe(null);
    await revokeAll();
    expect(await failure(store.get(KEY))).toMatchObject({
      code: "denied",
      message: expect.stringContaining("AppRole login") as string,
    });
  });

  test("the configuration's mistakes are named before anything connects", async () => {
    const away = { VAULT_ADDR: "https://127.0.0.1:1" };
    const cases: readonly [Options, RegExp][] = [
      [{ env: { ...away, VAULT_ADDR: "" } }, /Vault's address is not set/],
      [{ env: { ...away, VAULT_TOKEN: "" } }, /VAULT_TOKEN is not set/],
      [{ env: { VAULT_ADDR: "vault:8200" } }, /https:\/\//],
      [{ env: { VAULT_ADDR: "https://user:x@vault:8200" } }, /more than a host/],
      [{ env: away, config: { auth: { method: "approle" } } }, /auth\.roleIdFile is missing/],
      [{ env: away, config: { auth: { method: "approle", roleIdFile: "none" } } }, /there is no file .*none/],
      [{ env: away, config: { auth: { method: "kerberos" } } }, /auth\.method/],
      [{ env: away, config: { auth: { methode: "token" } } }, /unknown key auth\.methode/],
      [{ env: away, config: { auth: { method: "approle", tokenFile: "x" } } }, /auth\.tokenFile does not go with/],
      [{ env: away, config: { auth: { method: "jwt", role: "x" } } }, /auth\.jwtFile is missing/],
      [{ env: away, config: { auth: { method: "jwt", role: 5 } } }, /auth\.role must be text/],
      [{ env: away, config: { auth: { method: "jwt", jwtFile: "/dev/null" } } }, /auth\.role is missing/],
      [{ env: away, config: { auth: { method: "jwt", jwtFil: "x" } } }, /unknown key auth\.jwtFil/],
      [{ env: away, config: { auth: { method: "kubernetes", role: "x" } } }, /no file .*serviceaccount\/token/],
      [{ env: away, config: { auth: { method: "userpass", passwordFile: "/dev/null" } } }, /auth\.username is missing/],
      [{ env: away, config: { auth: { method: "userpass", username: "a/b" } } }, /auth\.username is not/],
      [{ env: away, config: { auth: { method: "userpass", username: "a" } } }, /auth\.passwordFile is missing/],
      [{ env: away, config: { auth: { method: "cert", certFile: "/dev/null" } } }, /auth\.keyFile is missing/],
      [
        { env: away, config: { auth: { method: "token", tokenFile: "/dev/null", wrappedTokenFile: "/dev/null" } } },
        /auth\.tokenFile and auth\.wrappedTokenFile are both set/,
      ],
      [{ env: away, config: { auth: { method: "jwt", role: "x", mount: "a//b" } } }, /auth\.mount is not/],
      [{ env: away, config: { path: "a/../b" } }, /path is not/],
      [{ env: away, config: { mount: "a//b" } }, /mount is not/],
      [{ env: away, config: { kvVersion: 3 } }, /kvVersion/],
    ];
    for (const [options, message] of cases)
      await expect(open(options), message.source).rejects.toMatchObject({
        code: "config",
        message: expect.stringMatching(message) as string,
      });
    await expect(open({ env: away, config: { auth: { method: "kubernets" } } })).rejects.toMatchObject({
      hint: "did you mean kubernetes?",
    });
    writeFileSync(join(dir, ".vault-token"), `${bao.token}\n`, { mode: 0o600 });
    expect(await (await open({ env: { VAULT_TOKEN: "" } })).get(KEY)).toBe(null);
  });
});
