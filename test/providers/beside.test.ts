import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSpec } from "../conformance/spec.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { azureSpec } from "./azure-world.ts";
import { keywhizBench, type KeywhizBench } from "./keywhiz-world.ts";

// What people have given an entry besides its value, as each store shows it with the value.

let vault: KeyVault;
let keywhiz: KeywhizBench;
let bao: OpenBao;

beforeAll(async () => {
  [vault, keywhiz, bao] = await Promise.all([startKeyVault(), keywhizBench(), startOpenBao()]);
});
afterAll(async () => {
  await Promise.all([vault?.stop(), keywhiz?.stop(), bao?.stop()]);
});

const LATER = Math.floor(Date.UTC(2099, 0) / 1000);

test("tags and an end in a Key Vault", async () => {
  const store = await openSpec(azureSpec(vault, "writer"));
  const given = { value: randomUUID(), tags: { owner: "shop" }, attributes: { exp: LATER } };
  vault.api("PUT", "/secrets/tagged", given);
  vault.api("PUT", "/secrets/plain", { value: randomUUID() });
  expect((await store.get({ path: "tagged", field: "" }))?.beside).toEqual({
    labels: { owner: "shop" },
    expiry: LATER,
  });
  expect((await store.get({ path: "plain", field: "" }))?.beside).toEqual({});
});

test("description, metadata and expiry in a Keywhiz", async () => {
  const store = await keywhiz.open();
  const content = Buffer.from(randomUUID()).toString("base64");
  const bare = { content, type: "", groups: [], description: "", metadata: {}, expiry: 0 };
  const full = { ...bare, description: "of the shop", metadata: { owner: "shop" }, expiry: LATER };
  for (const [name, secret] of Object.entries({ bare, full })) {
    const made = await keywhiz.raw("automation", "POST", "/automation/v2/secrets", { ...secret, name });
    expect(made.status, made.text).toBe(201);
  }
  expect((await store.get({ path: "full", field: "" }))?.beside).toEqual({
    ...{ description: "of the shop", labels: { owner: "shop" }, expiry: LATER },
  });
  expect((await store.get({ path: "bare", field: "" }))?.beside).toEqual({});
});

test("custom metadata and delete_version_after in a Vault", async () => {
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token };
  const store = await openSpec({ provider: "vault", config: {}, env, dir: bao.dir });
  await bao.api("POST", "secret/metadata/apps/full", {
    custom_metadata: { owner: "shop" },
    delete_version_after: "24h",
  });
  for (const name of ["full", "bare"])
    await bao.api("POST", `secret/data/apps/${name}`, { data: { KEY: randomUUID() } });
  expect((await store.get({ path: "apps/full", field: "KEY" }))?.beside).toEqual({
    labels: { owner: "shop" },
    stays: ["deletion"],
  });
  expect((await store.get({ path: "apps/bare", field: "KEY" }))?.beside).toEqual({});
});
