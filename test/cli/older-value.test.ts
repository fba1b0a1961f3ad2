import { copyFileSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// A store that is older than what its host has handed out is a backup: nobody gets its values unasked.

let engine: WorkerEngine;
let world: World;
let reference = "";
let store = "";
const [first, second] = [random(24), random(24)];

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  world.plant({ first, second });
  engine.docker("run", "-d", "--name", "web", "-e", `DB_PASSWORD=${first}`, BUSYBOX, ...APP);
  const args = ["migrate", "docker:web", "--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  reference = engine.docker("inspect", "--format", '{{index .Config.Labels "unsprawl.ref.DB_PASSWORD"}}', "web");
  store = reference.slice("ref+sops://".length, reference.indexOf("#"));
});

afterAll(async () => {
  vi.useRealTimers();
  await engine?.clean();
  world?.remove();
});

const render = (...args: string[]): Promise<Ran> => world.unsprawl(["render", ...args]);

function inMemory(): string {
  const files = readdirSync(world.memory, { recursive: true, encoding: "utf8" });
  return readFileSync(join(world.memory, files.find((name) => name.endsWith("/DB_PASSWORD")) ?? ""), "utf8");
}

it("a new value is rendered; the file of a backup with the old one is not, until a person accepts it", async () => {
  copyFileSync(store, `${store}.backup`);
  // Later than all clocks of this test could be apart.
  vi.useFakeTimers({ now: Date.now() + 600_000, toFake: ["Date"] });
  const local = await openSpec({ provider: "local", config: {}, env: world.env, dir: world.dir });
  const key = local.parse(reference);
  if (key === null) throw new Error("no reference of this store");
  const there = await local.get(key);
  await local.put(key, Secret.of(second), there?.version ?? null, { runId: "r", subject: "web" });
  vi.useRealTimers();
  const changed = await render("docker:web");
  expect([changed.code, inMemory()], changed.stderr).toEqual([0, second]);

  // What a run of this host moved explains itself; a value of nobody's does not.
  copyFileSync(`${store}.backup`, store);
  expect([(await render("docker:web")).code, inMemory()]).toEqual([0, first]);
  const third = random(24);
  world.plant({ third });
  const now = await local.get(key);
  await local.put(key, Secret.of(third), now?.version ?? null, { runId: "r", subject: "web" });
  copyFileSync(store, `${store}.backup`);
  vi.useFakeTimers({ now: Date.now() + 600_000, toFake: ["Date"] });
  const again = await local.get(key);
  await local.put(key, Secret.of(second), again?.version ?? null, { runId: "r", subject: "web" });
  vi.useRealTimers();
  expect([(await render("docker:web")).code, inMemory()]).toEqual([0, second]);
  copyFileSync(`${store}.backup`, store);
  const refused = await render("docker:web");
  expect([refused.code, inMemory()]).toEqual([1, second]);
  expect(refused.stderr).toContain("before the one that was handed out");
  expect(refused.stderr).toContain("unsprawl render docker:web --accept older-value");
  const agent = await world.unsprawl(["agent", "--once"]);
  expect([agent.code, inMemory()], agent.stderr).toEqual([5, second]);
  expect(existsSync(`${store}.backup`)).toBe(true);

  const accepted = await render("docker:web", "--accept", "older-value");
  expect([accepted.code, inMemory()], accepted.stderr).toEqual([0, third]);
  expect([(await render("docker:web")).code, inMemory()]).toEqual([0, third]);
});

it("another word is refused", async () => {
  const odd = await render("docker:web", "--accept", "layer");
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("Allowed choices are older-value")]);
});
