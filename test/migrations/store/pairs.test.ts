import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { STORES, type EveryStore } from "../../support/every-store.ts";
import { resolved } from "../../support/in-process.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf } from "../files-world.ts";

// Any store to any other: round through one of each kind (a real OpenBao, moto for AWS, doubles of Keywhiz, Azure and Google),
// so that each is a target and a source once. Each time both stores are compared at the end.

const ROUND = ["vault", "keywhiz", "azure-key-vault", "aws-ssm", "gcp-secret-manager", "aws-secrets-manager", "local"];
const VALUES = { DB_PASSWORD: password(), TOKEN: `"${password()}' = $x`, LINES: `${password()}\n${password()}\n` };

let world: World;
const started: EveryStore[] = [];
let vault: { readonly address: string; readonly token: string };

beforeAll(async () => {
  const stores: { [name: string]: unknown } = {};
  const env: { [name: string]: string } = {};
  for (const { provider, start } of STORES.filter((one) => ROUND.includes(one.provider))) {
    const store = await start();
    started.push(store);
    stores[`my-${provider}`] = { provider, ...store.config };
    Object.assign(env, store.env);
    if (provider === "vault") vault = { address: String(store.config["address"]), token: env["VAULT_TOKEN"] ?? "" };
  }
  world = makeWorld("unix:///nonexistent", env);
  world.plant(VALUES);
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
  await toVault("data/apps/web", { data: VALUES });
  await toVault("metadata/apps/web", { custom_metadata: { owner: "shop" } });
}, 300_000);

afterAll(async () => {
  for (const store of started) await store.stop();
  world?.remove();
});

async function toVault(path: string, body: object): Promise<void> {
  const headers = { "X-Vault-Token": vault.token, "Content-Type": "application/json" };
  const sent = await fetch(`${vault.address}/v1/secret/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  expect(sent.ok).toBe(true);
}

it("what the old entries have besides their values is said in the plan: it is not moved", async () => {
  const { warnings } = await planOf(world, "my-vault:apps/web", ["--to", "my-local"]);
  const notes = warnings.map(({ text }) => text);
  expect(notes).toContain(
    "labels (tags, custom metadata) of 3 entries: not moved, since my-local has no place for them; they stay in the old store until scrub",
  );
  expect(notes.join()).not.toContain("if there are any");
});

it("a store that does not show it with a value is said not to have been asked", async () => {
  // The first one that has them by now is filled in the round below.
  const moved = await world.unsprawl(["migrate", "my-vault:apps/web", "--to", "my-aws-ssm", "--yes"]);
  expect(moved.code, moved.stderr).toBe(0);
  const { warnings } = await planOf(world, "my-aws-ssm:", ["--to", "my-local"]);
  expect(warnings.map(({ text }) => text).join()).toContain("of 3 entries are not moved if there are any");
  expect((await world.unsprawl(["rollback", "last"])).code).toBe(0);
});

it("values go round through every store, and come out as they were", { timeout: 600_000 }, async () => {
  for (const [at, to] of ROUND.slice(1).entries()) {
    const from = ROUND[at] ?? "";
    const moved = await world.unsprawl(["migrate", `my-${from}:`, "--to", `my-${to}`, "--yes"]);
    expect(moved.code, `${from} → ${to}: ${moved.stderr}`).toBe(0);
    expect(moved.stdout, `${from} → ${to}`).toContain("3 of 3 values are equal in both stores");
    expect(moved.stderr, `${from} → ${to}`).not.toContain("no agent");
  }
  const last = await planOf(world, `my-${ROUND.at(-1)}:`, ["--to", "my-vault"]);
  const found = Object.fromEntries(
    last.steps.flatMap((step) => (step.kind === "put" ? [[step.move.name, step.move.location.path]] : [])),
  );
  expect(await resolved(world, found)).toEqual(VALUES);
});
