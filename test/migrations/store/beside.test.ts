import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { besideOf } from "../../../src/contract/provider.ts";
import type { BesideValue } from "../../../src/model/beside.ts";
import { Secret } from "../../../src/model/secret.ts";
import { STORES, type EveryStore } from "../../support/every-store.ts";
import { assemblyOf, savePlan } from "../../support/in-process.ts";
import { killedAt } from "../../support/kill.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf } from "../files-world.ts";

// What an entry has besides its value goes along where the new store holds it: each kind between real stores and doubles, and
// each case in which it does not.

const KINDS = ["vault", "keywhiz", "azure-key-vault", "gcp-secret-manager", "aws-secrets-manager"] as const;
const LATER = Math.floor(Date.UTC(2037, 0) / 1000);
const STAY = "they stay in the old store until scrub";

let world: World;
const started: EveryStore[] = [];
let vault: { readonly address: string; readonly token: string };

beforeAll(async () => {
  const stores: { [name: string]: unknown } = {};
  const env: { [name: string]: string } = {};
  for (const { provider, start } of STORES.filter((one) => KINDS.some((kind) => kind === one.provider))) {
    const store = await start();
    started.push(store);
    stores[provider] = { provider, ...store.config };
    Object.assign(env, store.env);
    if (provider !== "vault") continue;
    vault = { address: String(store.config["address"]), token: env["VAULT_TOKEN"] ?? "" };
    stores["other"] = { provider, ...store.config, path: "other/{subject}" };
  }
  const names = Object.fromEntries(Object.entries(stores).map(([name, store]) => [`my-${name}`, store]));
  world = makeWorld("unix:///nonexistent", env);
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: names }));
}, 300_000);

afterAll(async () => {
  for (const store of started) await store.stop();
  world?.remove();
});

async function putInto(store: string, subject: string, name: string, beside: BesideValue): Promise<void> {
  const provider = await assemblyOf(world).store(`my-${store}`);
  const origin = { runId: "20261125-000000-test", subject, name };
  const key = provider.key({ subject, project: "", name });
  await provider.put(key, Secret.of(password()), null, origin, beside);
  expect(await besideOf(provider, key)).toEqual(beside);
}

/** Moves a subject, and returns what the plan says and what the new entry has. */
async function move(subject: string, name: string, from: string, to: string) {
  const source = `my-${from}:${from === "vault" || from === "aws-secrets-manager" ? `apps/${subject}` : subject}`;
  const { warnings } = await planOf(world, source, ["--to", `my-${to}`]);
  const ran = await world.unsprawl(["migrate", source, "--to", `my-${to}`, "--yes"]);
  expect(ran.code, `${from} → ${to}: ${ran.stderr}`).toBe(0);
  const provider = await assemblyOf(world).store(`my-${to}`);
  const has = await besideOf(provider, provider.key({ subject, project: "", name }));
  const notes = warnings.map(({ text }) => text).filter((text) => !text.includes("must be pointed to"));
  return { notes, has, said: ran.stdout };
}

async function toVault(method: string, path: string, body: object): Promise<void> {
  const type = `application/${method === "PATCH" ? "merge-patch+" : ""}json`;
  const headers = { "X-Vault-Token": vault.token, "Content-Type": type };
  const sent = await fetch(`${vault.address}/v1/secret/${path}`, { method, headers, body: JSON.stringify(body) });
  expect(sent.ok, await sent.text()).toBe(true);
}

const ALONG = "1 of 1 value is equal in both stores, and so are the labels, descriptions or expiry dates moved with 1";
const OWNER = { owner: "shop" };

it("what the next store holds goes along, and the rest is said", { timeout: 300_000 }, async () => {
  await putInto("keywhiz", "web", "TOKEN", {
    ...{ description: "of the shop", labels: { ...OWNER, "Cost Centre": "4711" }, expiry: LATER },
  });
  const first = await move("web", "TOKEN", "keywhiz", "azure-key-vault");
  expect(first.said.replaceAll(/\s+/g, " ")).toContain(ALONG);
  expect(first.has).toEqual({ labels: { ...OWNER, "Cost Centre": "4711" }, expiry: LATER });
  expect(first.notes).toEqual([
    "labels (tags, custom metadata) of 1 entry, expiry dates of 1 entry: moved with the values (labels: owner, Cost Centre)",
    `descriptions of 1 entry: not moved, since my-azure-key-vault has no place for them; ${STAY}`,
  ]);
  const second = await move("web", "TOKEN", "azure-key-vault", "gcp-secret-manager");
  expect(second.has).toEqual({ labels: OWNER });
  expect(second.notes).toEqual([
    "labels (tags, custom metadata) of 1 entry: moved with the values (labels: owner)",
    `expiry dates of 1 entry: not moved, since my-gcp-secret-manager has no place for them; ${STAY}`,
    `labels (tags, custom metadata) of 1 entry: not all moved, since my-gcp-secret-manager does not accept them as they are; ${STAY}`,
  ]);
  expect((await move("web", "TOKEN", "gcp-secret-manager", "vault")).has).toEqual({ labels: OWNER });
  expect((await move("web", "TOKEN", "vault", "aws-secrets-manager")).has).toEqual({ labels: OWNER });
});

it("a date that the client of a Key Vault cannot write is not moved", async () => {
  await putInto("keywhiz", "late", "TOKEN", { expiry: Math.floor(Date.UTC(2099, 0) / 1000) });
  const { has, notes } = await move("late", "TOKEN", "keywhiz", "azure-key-vault");
  expect(has).toEqual({});
  expect(notes).toEqual([
    `expiry dates of 1 entry: not all moved, since my-azure-key-vault does not accept them as they are; ${STAY}`,
  ]);
});

it("a description goes from the Secrets Manager to a Keywhiz", async () => {
  const beside = { description: "of the shop", labels: OWNER };
  await putInto("aws-secrets-manager", "db", "PASSWORD", beside);
  expect((await move("db", "PASSWORD", "aws-secrets-manager", "keywhiz")).has).toEqual(beside);
});

describe("a path has it only once", () => {
  it("entries that differ in it leave it where it was", async () => {
    await putInto("keywhiz", "two", "A", { labels: OWNER });
    await putInto("keywhiz", "two", "B", { labels: { owner: "stock" } });
    const { has, notes } = await move("two", "A", "keywhiz", "vault");
    expect(has).toEqual({});
    expect(notes).toEqual([
      `labels (tags, custom metadata) of 2 entries: not moved, since one path of my-vault would have different ones; ${STAY}`,
    ]);
  });

  it("a path that is there already keeps its own", async () => {
    await toVault("POST", "data/apps/there", { data: { OWN: password() } });
    await toVault("POST", "metadata/apps/there", { custom_metadata: { owner: "stock" } });
    await putInto("keywhiz", "there", "A", { labels: OWNER });
    const { has, notes } = await move("there", "A", "keywhiz", "vault");
    expect(has).toEqual({ labels: { owner: "stock" } });
    expect(notes).toEqual([
      `labels (tags, custom metadata) of 1 entry: not moved, since these entries are in my-vault already; ${STAY}`,
    ]);
  });
});

it("what a killed write left out is added by resume", { timeout: 120_000 }, async () => {
  await putInto("keywhiz", "half", "A", { labels: OWNER });
  const run = await savePlan(world, "half.json", ["my-keywhiz:half"], { to: "my-other" });
  const killed = await killedAt(world, ["apply", "half.json"], { kind: "after intent put", nth: 0 });
  expect(killed.signal).toBe("SIGKILL");
  // The value was written, and the program ended before its labels were.
  const from = await assemblyOf(world).store("my-keywhiz");
  const stored = await from.get(from.key({ subject: "half", project: "", name: "A" }));
  await toVault("POST", "data/other/half", { data: { A: stored?.value.exposeText() } });
  const resumed = await world.unsprawl(["resume", run]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stdout.replaceAll(/\s+/g, " ")).toContain(ALONG);
  const undone = await world.unsprawl(["rollback", run]);
  expect(undone.code, undone.stderr).toBe(0);
  const other = await assemblyOf(world).store("my-other");
  expect(await besideOf(other, other.key({ subject: "half", project: "", name: "A" }))).toBeNull();
});

it("labels that somebody takes away before the end are missed there", { timeout: 120_000 }, async () => {
  await putInto("keywhiz", "gone", "A", { labels: OWNER });
  const run = await savePlan(world, "gone.json", ["my-keywhiz:gone"], { to: "my-other" });
  const killed = await killedAt(world, ["apply", "gone.json"], { kind: "after done verify", nth: 0 });
  expect(killed.signal).toBe("SIGKILL");
  await toVault("PATCH", "metadata/other/gone", { custom_metadata: { owner: null } });
  const resumed = await world.unsprawl(["resume", run]);
  expect(resumed.code).toBe(5);
  expect(resumed.stderr.replaceAll(/\s+/g, " ")).toContain(
    "gone.A is there without all its labels, description or expiry date",
  );
});

it("labels that change between the plan and its apply, or while it runs, are seen", { timeout: 120_000 }, async () => {
  await toVault("POST", "data/apps/drift", { data: { A: password() } });
  await toVault("POST", "metadata/apps/drift", { custom_metadata: OWNER });
  await savePlan(world, "drift.json", ["my-vault:apps/drift"], { to: "my-other" });
  await toVault("POST", "metadata/apps/drift", { custom_metadata: { owner: "stock" } });
  const refused = await world.unsprawl(["apply", "drift.json", "--yes"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr.replaceAll(/\s+/g, " ")).toContain("are not what the plan saw");
  const other = await assemblyOf(world).store("my-other");
  const at = other.key({ subject: "drift", project: "", name: "A" });
  expect(await other.get(at)).toBeNull();

  const run = await savePlan(world, "drift-2.json", ["my-vault:apps/drift"], { to: "my-other" });
  const killed = await killedAt(world, ["apply", "drift-2.json"], { kind: "after done verify", nth: 0 });
  expect(killed.signal).toBe("SIGKILL");
  await toVault("POST", "metadata/apps/drift", { custom_metadata: OWNER });
  const resumed = await world.unsprawl(["resume", run]);
  expect(resumed.code).toBe(5);
  const said = resumed.stderr.replaceAll(/\s+/g, " ");
  expect(said).toContain("has other labels, another description or expiry date than the plan saw");
  expect(said).not.toContain("moved with 1");
  expect(await besideOf(other, at)).toEqual({ labels: { owner: "stock" } });
});

it("a name of unsprawl's marks, a value that is shown and a date that has passed stay behind", async () => {
  const value = password();
  await toVault("POST", "data/apps/posing", { data: { A: value } });
  await toVault("POST", "metadata/apps/posing", {
    custom_metadata: {
      ...OWNER,
      "managed-by": "terraform",
      "unsprawl-name": "B",
      hint: `is ${value}`,
    },
  });
  const { notes, has } = await move("posing", "A", "vault", "azure-key-vault");
  expect(has).toEqual({ labels: OWNER });
  expect(notes).toEqual([
    "labels (tags, custom metadata) of 1 entry: moved with the values (labels: owner)",
    `labels (tags, custom metadata) of 1 entry: not all moved, since unsprawl marks its own entries with managed-by and unsprawl-…; ${STAY}`,
    "labels (tags, custom metadata) of 1 entry: not all moved, since the value itself is in them; remove it there",
  ]);
  await putInto("keywhiz", "ended", "A", { expiry: Math.floor(Date.UTC(2020, 0) / 1000) });
  const ended = await move("ended", "A", "keywhiz", "azure-key-vault");
  expect(ended.has).toEqual({});
  expect(ended.notes).toEqual([
    "expiry dates of 1 entry: not moved, since they have passed: the new entries would be expired at once",
  ]);
  expect(ended.said).not.toContain("moved with");
});
