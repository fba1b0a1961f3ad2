import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { STORES } from "../support/every-store.ts";
import { makeWorld, type World } from "../support/world.ts";
import { password, printed } from "./files-world.ts";

// A value changes in the store after it was moved out of a file whose original is sealed under it: a rollback needs the
// value as it was moved. Stores with versions still have it; for the others the operator writes it for a moment.

/** Stores that keep nothing but the current value. */
const FORGETFUL = ["aws-kms", "keywhiz", "local"];

type Case = { readonly world: World; readonly store: Provider; readonly stop: () => Promise<void> };

async function open(kind: (typeof STORES)[number]): Promise<Case> {
  const running = await kind.start();
  const world = makeWorld("unix:///nowhere", running.env);
  const config = { provider: kind.provider, ...running.config };
  writeFileSync(join(world.dir, "unsprawl.yaml"), JSON.stringify({ stores: { there: config } }));
  const given = running.config as { readonly [key: string]: Json };
  const spec = { provider: kind.provider, config: given, env: world.env, dir: world.dir };
  const store = await openSpec(spec);
  return {
    world,
    store,
    async stop() {
      await running.stop();
      world.remove();
    },
  };
}

type Moved = { readonly file: string; readonly text: string; readonly run: string; readonly keys: readonly StoreKey[] };

/** An env file of two secrets, moved. */
async function moved(world: World, values: readonly [string, string]): Promise<Moved> {
  const file = join(world.dir, `app-${password()}`, ".env");
  const text = `# as it was\nDB_PASSWORD=${values[0]}\nPORT=80\nAPI_TOKEN='${values[1]}'\n`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const said = await world.unsprawl(["plan", `env:${file}`, "--to", "there", "-o", "plan.json", "--fail-on", "never"]);
  expect(said.code, printed(said)).toBe(0);
  const planned = JSON.parse(readFileSync(join(world.dir, "plan.json"), "utf8")) as { id: string; steps: unknown[] };
  const keys = (planned.steps as { kind: string; move?: { name: string; key: StoreKey } }[]).flatMap((step) =>
    step.kind === "put" && step.move ? [[step.move.name, step.move.key] as const] : [],
  );
  const applied = await world.unsprawl(["apply", "plan.json"]);
  expect(applied.code, printed(applied)).toBe(0);
  expect(readFileSync(file, "utf8")).not.toBe(text);
  return { file, text, run: planned.id, keys: ["DB_PASSWORD", "API_TOKEN"].map((name) => new Map(keys).get(name)!) };
}

async function change(store: Provider, key: StoreKey, value: string): Promise<void> {
  const there = await store.get(key);
  await store.put(key, Secret.of(value), there?.version ?? null, { runId: "later", subject: "app" });
}

const textAt = async (store: Provider, key: StoreKey): Promise<string | null> =>
  (await store.get(key))?.value.expose().toString("utf8") ?? null;

describe.each(STORES.filter(({ provider }) => !FORGETFUL.includes(provider)))("$provider", (kind) => {
  const here = caseOf(kind);
  it("a value that has changed twice goes back as it was moved, and the newer one stays", () => goesBack(here()));
});

describe.each(STORES.filter(({ provider }) => FORGETFUL.includes(provider)))("$provider", (kind) => {
  const here = caseOf(kind);
  it("without versions a rollback refuses before anything is changed, and works once the value is back", () =>
    refuses(here()));
});

/** Opened by the first test that asks for it, and stopped after the last. */
function caseOf(kind: (typeof STORES)[number]): () => Promise<Case> {
  let opened: Promise<Case> | null = null;
  afterAll(async () => (await opened)?.stop());
  return () => (opened ??= open(kind));
}

async function goesBack(here: Promise<Case>): Promise<void> {
  const { world, store } = await here;
  const [old, token, newer] = [password(), password(), password()];
  const { file, text, run, keys } = await moved(world, [old, token]);
  for (const value of [password(), newer]) await change(store, keys[0]!, value);
  const { code, stdout, stderr } = await world.unsprawl(["rollback", run]);
  expect(code, stdout + stderr).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
  const stays = "back as it was moved; the store has a newer value, which stays there";
  expect(stderr).toContain(`DB_PASSWORD goes ${stays}`);
  expect(stdout).toContain(`DB_PASSWORD is ${stays}`);
  expect(stdout + stderr).not.toContain("API_TOKEN is");
  expect(await textAt(store, keys[0]!)).toBe(newer);
  expect(await textAt(store, keys[1]!)).toBe(null);
}

async function refuses(here: Promise<Case>): Promise<void> {
  const { world, store } = await here;
  const [old, token, newer] = [password(), password(), password()];
  const { file, text, run, keys } = await moved(world, [old, token]);
  const after = readFileSync(file, "utf8");
  await change(store, keys[0]!, newer);
  const refused = await world.unsprawl(["rollback", run]);
  expect(refused.code, printed(refused)).toBe(1);
  expect(refused.stderr).toMatch(/the store has another value at \S.*DB.PASSWORD by now and keeps no earlier versions/);
  expect(refused.stderr).toMatch(/nothing was changed/);
  expect(refused.stderr).toMatch(/next: keep the newer value elsewhere; write DB_PASSWORD into there as it was/);
  expect(readFileSync(file, "utf8")).toBe(after);
  expect([await textAt(store, keys[0]!), await textAt(store, keys[1]!)]).toEqual([newer, token]);
  const runs = await world.unsprawl(["runs", "--json"]);
  expect(runs.stdout).toContain('"state":"done"');
  await change(store, keys[0]!, old);
  const { code, stdout, stderr } = await world.unsprawl(["rollback", run]);
  expect(code, stdout + stderr).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
}
