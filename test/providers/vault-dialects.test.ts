import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Options } from "./secure-vault.ts";
import { forwarder, relay } from "./vault-forwarder.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { roleFor, tokenFor, writerPolicy } from "./vault-world.ts";

let vault: PlainVault;
beforeAll(async () => {
  vault = await plainVault();
});
afterAll(() => vault?.stop());

type Words = { readonly bad: readonly string[]; readonly forbidden: readonly string[] };
const LACKS = "1 error occurred:\n\t* permission denied\n\n";
const UNKNOWN = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";

/** The real server in the words of another: what it says of a token it does not know, and of a right that is missing. */
async function speaking(
  words: Words,
  answers: (path: string) => { status: number; body: object } | null = () => null,
): Promise<{ url: string; requests: IncomingMessage[]; stop(): void }> {
  const requests: IncomingMessage[] = [];
  const server = await relay(vault.bao.address, async (incoming, pass) => {
    requests.push(incoming);
    const given = answers(incoming.url ?? "");
    if (given !== null) return { status: given.status, text: JSON.stringify(given.body) };
    const said = await pass();
    if (said.status !== 403) return said;
    const { errors: texts } = JSON.parse(said.text) as { errors: string[] };
    if (texts.some((text) => text.includes("preflight"))) return said;
    const errors = texts.some((text) => text.includes("1 error occurred")) ? words.forbidden : words.bad;
    return { status: 403, text: JSON.stringify({ errors }) };
  });
  return { ...server, requests };
}

describe("the words of HashiCorp and OpenBao", () => {
  test.for<[string, Words]>([
    ["OpenBao", { bad: ["permission denied"], forbidden: [LACKS] }],
    ["HashiCorp", { bad: [UNKNOWN], forbidden: [LACKS] }],
    ["HashiCorp, plain", { bad: ["permission denied", "invalid token"], forbidden: ["permission denied"] }],
    ["the same words for both", { bad: ["permission denied"], forbidden: ["permission denied"] }],
    ["an old one", { bad: ["bad token"], forbidden: ["permission denied"] }],
  ])("%s: a token that is not known is told apart from a right that is missing", async ([, words]) => {
    const server = await speaking(words);
    const elsewhere = 'path "secret/data/other/*" { capabilities = ["read"] }';
    const bare = await tokenFor(vault.bao, elsewhere, { no_default_policy: true });
    for (const token of [bare, await tokenFor(vault.bao, elsewhere)]) {
      const store = await vault.open({ token, address: server.url });
      expect((await vault.failure(store.get(keyAt()), token)).message).toMatch(/^the Vault token may not read/);
    }
    const gone = await tokenFor(vault.bao, writerPolicy("secret", 2));
    const store = await vault.open({ token: gone, address: server.url });
    expect(await store.get(keyAt())).toBe(null);
    await vault.bao.api("POST", "auth/token/revoke", { token: gone });
    expect((await vault.failure(store.get(keyAt()), gone)).message).toMatch(/wrong, expired or revoked/);

    const { roleIdFile, secretIdFile } = await roleFor(vault.bao, vault.dir, writerPolicy("secret", 2));
    const auth = { method: "approle", roleIdFile, secretIdFile };
    const role = await vault.open({ token: "", address: server.url, config: { auth } });
    expect(await role.get(keyAt())).toBe(null);
    const { data } = (await vault.bao.api("LIST", "auth/token/accessors")) as {
      data: { keys: string[] };
    };
    for (const accessor of data.keys) {
      const { data: one } = (await vault.bao.api("POST", "auth/token/lookup-accessor", {
        accessor,
      })) as {
        data: { path: string };
      };
      if (one.path.endsWith("login")) await vault.bao.api("POST", "auth/token/revoke-accessor", { accessor });
    }
    expect(await role.get(keyAt())).toBe(null);
    server.stop();
  });

  test("each request says that it is no web page's", async () => {
    const server = await speaking({ bad: [], forbidden: [] });
    const store = await vault.open({ address: server.url });
    const key = keyAt();
    await store.put(key, fresh(), null, ORIGIN);
    await store.put({ ...key, field: "B" }, fresh(), null, ORIGIN);
    expect(server.requests.length).toBeGreaterThan(3);
    for (const { headers } of server.requests) expect(headers["x-vault-request"]).toBe("true");
    server.stop();
  });

  test("where sys/ is denied, a bad token is still told apart from a missing right", async () => {
    const server = await speaking({ bad: ["permission denied"], forbidden: [LACKS] }, (path) =>
      path.includes("/sys/") ? { status: 403, body: { errors: [LACKS] } } : null,
    );
    const elsewhere = await tokenFor(vault.bao, 'path "secret/data/other/*" { capabilities = ["read"] }');
    const store = await vault.open({ token: elsewhere, address: server.url });
    expect((await vault.failure(store.get(keyAt()), elsewhere)).message).toMatch(/no right to read below it$/);
    const gone = await tokenFor(vault.bao, writerPolicy("secret", 2));
    await vault.bao.api("POST", "auth/token/revoke", { token: gone });
    const lost = await vault.open({ token: gone, address: server.url });
    expect((await vault.failure(lost.get(keyAt()), gone)).message).toMatch(/wrong, expired or revoked/);
    server.stop();
  });

  test("a reader of one path alone, who may not see the mount, needs no kvVersion", async () => {
    const [key, value] = [keyAt(), fresh()];
    for (const [mount, place] of [
      ["secret", `secret/data/${key.path}`],
      ["kv1", `kv1/${key.path}`],
    ] as const) {
      await (await vault.open({ config: { mount } })).put(key, value, null, ORIGIN);
      const policy = `path "${place}" { capabilities = ["read"] }
path "sys/internal/ui/mounts/*" { capabilities = ["deny"] }`;
      const token = await tokenFor(vault.bao, policy, { no_default_policy: true });
      const store = await vault.open({ token, config: { mount } });
      // One that may not be read beside it, at the same time, takes nothing from it.
      const [other, mine] = await Promise.allSettled([store.get(keyAt()), store.get(key)]);
      expect([other, mine]).toMatchObject([
        { status: "rejected", reason: { code: "denied" } },
        { status: "fulfilled", value: { value } },
      ]);
      expect(await store.get({ ...key, field: "NONE" })).toBe(null);
      expect((await vault.failure(store.put(key, fresh(), null, ORIGIN))).code).toBe("conflict");
    }
  });

  test.for([403, 404, 405])(
    "a server that does not say what a mount is (%i): the version is tried out",
    async (status) => {
      const server = await speaking({ bad: ["permission denied"], forbidden: [LACKS] }, (path) =>
        path.includes("/sys/internal/") ? { status, body: { errors: ["1 error occurred: unsupported path"] } } : null,
      );
      for (const [mount, version] of [
        ["secret", 2],
        ["kv1", 1],
      ] as const)
        for (const token of [vault.bao.token, await tokenFor(vault.bao, writerPolicy(mount, version))]) {
          const store = await vault.open({ token, address: server.url, config: { mount } });
          const key = keyAt();
          expect(await store.get(key)).toBe(null);
          await store.put(key, fresh(), null, ORIGIN);
          const line = (await store.check()).find(({ right }) => right === "authenticate");
          expect(line?.text).toBe(`token; ${mount}/ is KV version ${version}`);
        }
      const nowhere = await vault.open({ address: server.url, config: { mount: "nowhere" } });
      expect((await vault.failure(nowhere.get(keyAt()))).code).toBe(status === 403 ? "denied" : "config");
      const blind = await tokenFor(vault.bao, 'path "sys/x" { capabilities = ["read"] }');
      expect((await vault.failure((await vault.open({ token: blind, address: server.url })).get(keyAt()))).code).toBe(
        status === 403 ? "denied" : "config",
      );
      server.stop();
    },
  );
});

describe("where it is", () => {
  test("OpenBao's own variables, where HashiCorp's are missing", async () => {
    await vault.bao.api("POST", "sys/namespaces/team-b", {});
    const none = { VAULT_ADDR: "", VAULT_TOKEN: "" };
    const bao = { BAO_ADDR: vault.bao.address, BAO_TOKEN: vault.bao.token };
    const at = async (env: NonNullable<Options["env"]>): Promise<unknown> =>
      (await vault.open({ env: { ...none, ...env } })).get(keyAt());
    expect(await at(bao)).toBe(null);
    expect(await at({ ...bao, BAO_ADDR: "http://127.0.0.1:1", VAULT_ADDR: vault.bao.address })).toBe(null);
    expect(await at({ ...bao, BAO_TOKEN: "other", VAULT_TOKEN: vault.bao.token })).toBe(null);
    const named = await vault.open({
      env: { ...none, ...bao, BAO_NAMESPACE: "team-b", BAO_CACERT: "/nowhere.crt" },
    });
    expect(named.target.settings).toMatchObject({ namespace: "team-b", caCert: "/nowhere.crt" });
    const both = await vault.open({
      env: { ...none, ...bao, BAO_NAMESPACE: "team-b", VAULT_NAMESPACE: "team-c" },
    });
    expect(both.target.settings).toMatchObject({ namespace: "team-c" });
    await expect(at({ ...bao, BAO_SKIP_VERIFY: "1" })).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("BAO_SKIP_VERIFY") as string,
    });
    expect(await vault.failure(at({ ...bao, BAO_TOKEN: "two words" }))).toMatchObject({
      code: "config",
      message: "BAO_TOKEN holds no token or id",
    });
    await expect(at({ BAO_TOKEN: "x" })).rejects.toMatchObject({
      hint: expect.stringContaining("VAULT_ADDR") as string,
    });
  });

  test("a Vault of HCP needs a namespace", async () => {
    const address = "https://team-public-vault-1a2b3c4d.e5f6a7b8.z1.hashicorp.cloud:8200";
    await expect(vault.open({ address })).rejects.toMatchObject({
      ...{ code: "config", hint: expect.stringContaining("VAULT_NAMESPACE=admin") as string },
    });
    const named = await vault.open({ address, env: { VAULT_NAMESPACE: "admin/team" } });
    expect(named.target.settings).toMatchObject({ namespace: "admin/team" });
  });

  // A machine without IPv6 on its loopback has nothing to test.
  const onIpv6 = (networkInterfaces()["lo"] ?? []).some(({ address }) => address === "::1") ? test : () => {};
  onIpv6("an IPv6 address", async () => {
    const onward = await forwarder(vault.bao.address, "::1");
    expect(onward.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const store = await vault.open({ address: onward.url });
    const [key, value] = [keyAt(), fresh()];
    await store.put(key, value, null, ORIGIN);
    expect((await store.get(key))?.value).toEqual(value);
    expect((await store.check())[0]).toMatchObject({ right: "reach", ok: true, text: onward.url });
    expect(store.target.settings).toMatchObject({ address: onward.url });
    onward.stop();
    const refused = await vault.failure((await vault.open({ address: "http://[::1]:1" })).get(key));
    expect(refused).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("[::1]:1") as string,
    });
  });
});
