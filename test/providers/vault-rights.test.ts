import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provider } from "../../providers/vault/index.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { policyLine, writerRights } from "../../providers/vault/policy.ts";
import { fresh, keyAt, ORIGIN, plainVault, type PlainVault } from "./vault-plain.ts";
import { tokenFor, writerPolicy } from "./vault-world.ts";

let vault: PlainVault;
let store: Provider;
beforeAll(async () => {
  vault = await plainVault();
  store = await vault.open();
});
afterAll(() => vault?.stop());

/** How a PATCH is told what it is. */
const merge = (path: string, body: object, token: string): Promise<number> =>
  fetch(`${vault.bao.address}/v1/${path}`, {
    method: "PATCH",
    headers: { "X-Vault-Token": token, "Content-Type": "application/merge-patch+json" },
    body: JSON.stringify(body),
  }).then((answer) => answer.status);

describe("mounts and secrets that require check-and-set", () => {
  test.for(["the mount", "the secret"])(
    "%s: creating, replacing, a sibling, removing one, removing all",
    async (who) => {
      await vault.bao.api("POST", "secret/config", { cas_required: who === "the mount" });
      try {
        const token = await tokenFor(vault.bao, writerPolicy("secret", 2));
        const [writer, key] = [await vault.open({ token }), keyAt()];
        if (who === "the secret") await vault.bao.api("POST", `secret/metadata/${key.path}`, { cas_required: true });
        const sibling = { ...key, field: "SIBLING" };
        const [first, second, third] = [fresh(), fresh(), fresh()];
        const { version } = await writer.put(key, first, null, ORIGIN);
        expect((await vault.failure(writer.put(key, second, null, ORIGIN), first, second)).code).toBe("conflict");
        await writer.put(sibling, third, null, ORIGIN);
        await writer.put(key, second, version, ORIGIN);
        expect((await vault.failure(writer.put(key, third, version, ORIGIN), first, second)).code).toBe("conflict");
        expect((await writer.get(key))?.value).toEqual(second);
        // The server itself takes no write without it.
        await expect(vault.bao.api("POST", `secret/data/${key.path}`, { data: { x: "y" } })).rejects.toThrow(/400/);
        expect(await merge(`secret/data/${key.path}`, { data: { x: "y" } }, token)).toBe(400);
        expect(await writer.remove(key, (one) => one.equals(second))).toBe(true);
        expect([await writer.get(key), (await writer.get(sibling))?.value]).toEqual([null, third]);
        expect(await writer.remove(sibling, () => true)).toBe(true);
        expect(await writer.get(sibling)).toBe(null);
        await writer.put(key, first, null, ORIGIN);
        await vault.bao.api("DELETE", `secret/data/${key.path}`);
        await writer.put(key, second, null, ORIGIN);
        expect((await writer.get(key))?.value).toEqual(second);
        for (const line of await writer.check()) expect(line, line.text).toMatchObject({ ok: true });
      } finally {
        await vault.bao.api("POST", "secret/config", { cas_required: false });
      }
    },
  );
});

describe("a writer that may not read", () => {
  const BLIND = 'path "secret/data/apps/*" { capabilities = ["create", "update", "patch"] }';

  test("what the server itself lets it do: patch over what is there, unseen, even with check-and-set", async () => {
    const token = await tokenFor(vault.bao, BLIND);
    const key = keyAt("A");
    await store.put(key, fresh(), null, ORIGIN);
    await store.put({ ...key, field: "B" }, fresh(), null, ORIGIN);
    const json = { options: { cas: 2 }, data: { A: "overwritten" } };
    expect(await merge(`secret/data/${key.path}`, json, token)).toBe(200);
    expect((await store.get(key))?.value.exposeText()).toBe("overwritten");
  });

  test("nothing is taken for absent, nothing is written or lost: denied, with the rule", async () => {
    const token = await tokenFor(vault.bao, `${BLIND}\npath "secret/metadata/apps/*" { capabilities = ["read"] }`);
    const blind = await vault.open({ token });
    const [key, none, value, other] = [keyAt(), keyAt(), fresh(), fresh()];
    const { version } = await store.put(key, value, null, ORIGIN);
    await store.put({ ...key, field: "SIBLING" }, value, null, ORIGIN);
    const acts = [
      () => blind.get(key),
      () => blind.put(key, other, null, ORIGIN),
      () => blind.put({ ...key, field: "NEW" }, other, null, ORIGIN),
      () => blind.put(key, other, version, ORIGIN),
      () => blind.remove(key, () => true),
    ];
    for (const act of acts)
      expect(await vault.failure(act(), value, other, token)).toMatchObject({
        code: "denied",
        message: `the Vault token may not read secret/data/${key.path}`,
        hint: `add to its policy: path "secret/data/${key.path}" { capabilities = ["read"] }`,
      });
    for (const act of [() => blind.get(none), () => blind.put(none, other, null, ORIGIN)])
      expect((await vault.failure(act(), other)).code).toBe("denied");
    expect(await store.get(none)).toBe(null);
    expect(await vault.data(`secret/metadata/${key.path}`)).toMatchObject({ current_version: 2 });
    const text = value.exposeText();
    expect((await vault.data(`secret/data/${key.path}`))["data"]).toEqual({ DB_PASSWORD: text, SIBLING: text });
  });

  test.for([
    { version: 2, mount: "secret", place: "secret/data/apps/*", policy: BLIND },
    {
      version: 1,
      mount: "kv1",
      place: "kv1/apps/*",
      policy: 'path "kv1/apps/*" { capabilities = ["create", "update", "delete"] }',
    },
  ])(
    "the check says that reading is missing, for the whole place, KV v$version",
    async ({ version, mount, place, policy }) => {
      const blind = await vault.open({ token: await tokenFor(vault.bao, policy), config: { mount } });
      const before = await store.list("");
      const lines = await blind.check();
      // Vault is asked first: nothing is written, and every right that is missing is named with its whole rule.
      const lacking = version === 2 ? ["read false", "delete false"] : ["read false"];
      expect(lines.map(({ right, ok }) => `${right} ${ok}`)).toEqual(["reach true", "authenticate true", ...lacking]);
      const [data, metadata] = writerRights(mount, "apps/*", version as 1 | 2);
      expect(lines[2]).toMatchObject({
        text: `the Vault token may not read ${place}`,
        hint: `add to its policy: ${data && policyLine(data)}`,
      });
      if (metadata)
        expect(lines[3]).toMatchObject({
          text: `the Vault token may not read, patch, delete ${metadata.path}`,
          hint: `add to its policy: ${policyLine(metadata)}`,
        });
      expect(await store.list("")).toEqual(before);
    },
  );

  test("one that may read and not write is told so by the check, for the whole place", async () => {
    const token = await tokenFor(vault.bao, 'path "secret/data/apps/*" { capabilities = ["read"] }');
    const lines = await (await vault.open({ token })).check();
    expect(lines.find(({ ok }) => !ok)).toMatchObject({
      right: "write",
      text: "the Vault token may not create, update, patch secret/data/apps/*",
      hint: expect.stringContaining(
        'path "secret/data/apps/*" { capabilities = ["create", "read", "update", "patch"] }',
      ) as string,
    });
  });

  test("a path that others share is checked in a field of its own, and keeps its others", async () => {
    await vault.bao.api("POST", "secret/data/all", { data: { PROBE: "theirs" } });
    const shared = await vault.open({ config: { path: "all" } });
    for (const lines of await Promise.all([shared.check(), shared.check()]))
      for (const line of lines) expect(line, line.text).toMatchObject({ ok: true });
    expect((await vault.data("secret/data/all"))["data"]).toEqual({ PROBE: "theirs" });
  });
});

describe("a mount that deletes what is written after a time", () => {
  const AFTER = /^secret\/ deletes what is written to apps\/[\w-]+ after 720h0m0s \(delete_version_after\)/;
  afterAll(() => vault.bao.api("POST", "secret/config", { delete_version_after: "0s" }));

  test("is named before a write, for the mount and for a secret, and in the check", async () => {
    const key = keyAt();
    expect(await store.mayPut?.(key)).toEqual({ notes: [] });
    await vault.bao.api("POST", `secret/metadata/${key.path}`, { delete_version_after: "720h" });
    const before = await vault.open();
    expect(await before.mayPut?.(key)).toEqual({ notes: [expect.stringMatching(AFTER)] });
    await vault.bao.api("POST", "secret/config", { delete_version_after: "720h" });
    const after = await vault.open();
    expect(await after.mayPut?.(keyAt())).toEqual({ notes: [expect.stringMatching(AFTER)] });
    const line = (await after.check()).find(({ right }) => right === "write");
    expect(line).toMatchObject({
      ok: true,
      text: expect.stringMatching(/; secret\/ deletes what .* 720h0m0s/) as string,
    });
    const old = await vault.open({ config: { mount: "kv1" } });
    expect(await old.mayPut?.(key)).toEqual({ notes: [] });
  });

  test("whose settings are closed to the token is named by what it answers to the write", async () => {
    await vault.bao.api("POST", "secret/config", { delete_version_after: "720h" });
    const said: string[] = [];
    const token = await tokenFor(vault.bao, writerPolicy("secret", 2));
    const env = { HOME: vault.dir, VAULT_ADDR: vault.bao.address, VAULT_TOKEN: token };
    const writer = await provider.open("prod", {}, { env, dir: vault.dir, say: (text) => void said.push(text) });
    const key = keyAt();
    expect(await writer.mayPut?.(key)).toEqual({ notes: [] });
    await writer.put(key, fresh(), null, ORIGIN);
    expect(said).toEqual([
      expect.stringMatching(/^secret\/ deletes what is written to apps\/\w+ on 20\d\d-.*Z \(delete_version_after\)/),
    ]);
    await vault.bao.api("POST", "secret/config", { delete_version_after: "0s" });
    await writer.put(keyAt(), fresh(), null, ORIGIN);
    expect(said).toHaveLength(1);
  });
});
