import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeWorld } from "../support/world.ts";
import { KEY, secureVault, type SecureVault } from "./secure-vault.ts";
import { roleFor, tokenFor, writerPolicy } from "./vault-world.ts";

let vault: SecureVault;
let bao: SecureVault["bao"];
let open: SecureVault["open"];
let failure: SecureVault["failure"];
beforeAll(async () => {
  vault = await secureVault();
  ({ bao, open, failure } = vault);
});
afterAll(() => vault?.stop());

const file = (name: string, text: string): string => {
  const path = join(vault.dir, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
};

/** The wrapping token for the answer of a request. */
function wrapped(path: string, body: object): Promise<string> {
  const headers = { "X-Vault-Token": bao.token, "X-Vault-Wrap-TTL": "60s" };
  const options = { method: "POST", headers, ca: readFileSync(bao.caFile ?? ""), agent: false } as const;
  return new Promise((done, fail) => {
    const sent = request(`${bao.address}/v1/${path}`, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done((JSON.parse(text) as { wrap_info: { token: string } }).wrap_info.token));
    });
    sent.on("error", fail).end(JSON.stringify(body));
  });
}

async function roleName(): Promise<{ readonly name: string; readonly roleIdFile: string }> {
  const { roleIdFile } = await roleFor(bao, vault.dir, writerPolicy("secret", 2), { token_ttl: "2s" });
  return { roleIdFile, name: /(test-[\w-]+)-role-id$/.exec(roleIdFile)?.[1] ?? "" };
}

const INTERCEPTED = {
  code: "denied",
  message: expect.stringMatching(/already used, perhaps by somebody else \(a possible interception\)/) as string,
  hint: expect.stringContaining("audit log") as string,
};

describe("response-wrapping tokens", () => {
  test.concurrent("a secret id is unwrapped once, for many logins; the next process is told that it is used", async () => {
    const { name, roleIdFile } = await roleName();
    const token = await wrapped(`auth/approle/role/${name}/secret-id`, {});
    const auth = { method: "approle", roleIdFile, wrappedSecretIdFile: file("wrapped-id", token) };
    const store = await open({ config: { auth }, env: { VAULT_TOKEN: "" } });
    expect(await Promise.all(Array.from({ length: 5 }, () => store.get(KEY)))).toEqual([null, null, null, null, null]);
    const { data } = (await bao.api("LIST", "auth/token/accessors")) as { data: { keys: string[] } };
    for (const accessor of data.keys) {
      const looked = bao.api("POST", "auth/token/lookup-accessor", { accessor });
      // One that is used up meanwhile is no login's.
      const { path } = ((await looked.catch(() => ({ data: {} }))) as { data: { path?: string } }).data;
      if (path?.includes("login")) await bao.api("POST", "auth/token/revoke-accessor", { accessor });
    }
    expect(await store.get(KEY)).toBe(null);
    const next = await open({ config: { auth }, env: { VAULT_TOKEN: "" } });
    expect(await failure(next.get(KEY), token)).toMatchObject(INTERCEPTED);
    expect(await failure(next.get(KEY), token)).toMatchObject(INTERCEPTED);
  });

  test.concurrent("a token likewise; its lease is renewed", async () => {
    await bao.api("PUT", "sys/policies/acl/wrapped", { policy: writerPolicy("secret", 2) });
    const token = await wrapped("auth/token/create", { policies: ["wrapped"], ttl: "15s", explicit_max_ttl: "1h" });
    const auth = { method: "token", wrappedTokenFile: file("wrapped-token", token) };
    const store = await open({ config: { auth }, env: { VAULT_TOKEN: "" } });
    // For longer than the token would live if nothing renewed it; a machine may be slow for seconds.
    for (const until = Date.now() + 18_000; Date.now() < until; await sleep(1000))
      expect(await store.get(KEY)).toBe(null);
    const next = await open({ config: { auth }, env: { VAULT_TOKEN: "" } });
    expect(await failure(next.get(KEY), token)).toMatchObject(INTERCEPTED);
    expect(JSON.stringify(next.target)).toContain("wrappedTokenFile");
  });

  test("what was opened and wrapped again by hand is not taken, and neither is another kind of answer", async () => {
    const { name, roleIdFile } = await roleName();
    const again = await wrapped("sys/wrapping/wrap", { secret_id: "x" });
    const other = await wrapped(`auth/approle/role/${name}/custom-secret-id`, { secret_id: "chosen-by-hand" });
    const wrong = await wrapped("auth/token/create", { policies: ["default"] });
    const by = (token: string): Promise<unknown> =>
      open({
        config: { auth: { method: "approle", roleIdFile, wrappedSecretIdFile: file("wrapped-other", token) } },
        env: { VAULT_TOKEN: "" },
      }).then((store) => store.get(KEY));
    expect(await failure(by(again), again)).toMatchObject({
      code: "denied",
      message: expect.stringContaining("wrapped by hand") as string,
    });
    expect(await by(other)).toBe(null);
    expect(await failure(by(wrong), wrong)).toMatchObject({
      code: "config",
      message: expect.stringContaining("does not hold a secret id") as string,
    });
    expect(await failure(by("never-a-token"))).toMatchObject(INTERCEPTED);
  });
});

describe("token files", () => {
  test("a token of a file that another program replaces is read again", async () => {
    const [first, second] = [
      await tokenFor(bao, writerPolicy("secret", 2)),
      await tokenFor(bao, writerPolicy("secret", 2)),
    ];
    const tokenFile = file("sink", first);
    const store = await open({ config: { auth: { method: "token", tokenFile } }, env: { VAULT_TOKEN: "" } });
    expect(await store.get(KEY)).toBe(null);
    await bao.api("POST", "auth/token/revoke", { token: first });
    expect(await failure(store.get(KEY), first, second)).toMatchObject({ code: "denied" });
    file("sink", second);
    expect(await store.get(KEY)).toBe(null);
  });
});

test("a run with a secret id that is opened once says so; its rollback needs a new one, and then works", async () => {
  const world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_CACERT: bao.caFile ?? "" });
  const { name, roleIdFile } = await roleName();
  const issue = async (): Promise<string> =>
    file("wrapped-run", await wrapped(`auth/approle/role/${name}/secret-id`, {}));
  const auth = { method: "approle", roleIdFile, wrappedSecretIdFile: await issue() };
  const [config, env] = [join(world.dir, "unsprawl.yaml"), join(world.dir, ".env")];
  writeFileSync(config, `stores:\n  prod: ${JSON.stringify({ provider: "vault", auth })}\n`);
  const before = `DB_PASSWORD=${randomBytes(15).toString("base64url")}\n`;
  writeFileSync(env, before);
  const run = (...args: string[]) => world.unsprawl([...args, "--yes", "--config", config]);
  const moved = await run("migrate", `env:${env}`, "--to", "prod");
  expect([moved.code, moved.stdout], moved.stderr).toEqual([
    0,
    expect.stringContaining("is opened once: after this command, each of apply, resume and rollback needs a new one"),
  ]);
  const refused = await run("rollback", "last");
  expect([refused.code === 0, refused.stderr + refused.stdout]).toEqual([
    false,
    expect.stringMatching(/already used.*\n?.*have a new one issued/),
  ]);
  expect(readFileSync(env, "utf8")).toContain("ref+vault://");
  await issue();
  const undone = await run("rollback", "last");
  expect([undone.code, readFileSync(env, "utf8")], undone.stderr).toEqual([0, before]);
  world.remove();
});
