import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DoctorCheck } from "../../src/core/doctor.ts";
import type { ScrubResult } from "../../src/core/scrub.ts";
import type { Plan } from "../../src/model/plan.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";
import type { RunResult } from "../../src/core/run-end.ts";

// The one key to all values of `local`: whoever loses it loses them, so nobody scrubs before it has a backup.

let engine: WorkerEngine;
let world: World;
let keyFile: string;

const MIGRATE = ["--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"];

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  keyFile = join(world.dir, "age/keys.txt");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function start(name: string): void {
  const password = random(24);
  world.plant({ [name]: password });
  engine.docker("run", "-d", "--network", "none", "--name", name, "-e", `DB_PASSWORD=${password}`, BUSYBOX, ...APP);
}

const runOf = ({ stdout }: Ran): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";

async function keyChecks(): Promise<string[]> {
  const { checks } = JSON.parse((await world.unsprawl(["doctor", "--json", "--no-residue"])).stdout) as {
    checks: DoctorCheck[];
  };
  return checks.filter(({ name }) => name === "key").map(({ state, text }) => `${state}: ${text}`);
}

let first = "";
let second = "";

it("a plan says which key it will create, and creates none", async () => {
  start("one");
  const planned = await world.unsprawl(["plan", "docker:one", "--to", "local"]);
  expect(planned.stdout).toContain(
    `${keyFile} is created with a new key, and nothing else opens the stored values: back it up.`,
  );
  const json = JSON.parse((await world.unsprawl(["plan", "docker:one", "--to", "local", "--json"])).stdout) as Plan;
  expect(json.keyFiles).toEqual([{ file: keyFile, id: null, isThere: false }]);
  expect(existsSync(keyFile)).toBe(false);
});

it("the end of a run repeats it, and doctor warns", async () => {
  const moved = await world.unsprawl(["migrate", "docker:one", ...MIGRATE]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  first = runOf(moved);
  expect(moved.stdout).toContain(`Back up ${keyFile}: nothing else opens the stored values.`);
  start("two");
  const planned = await world.unsprawl(["plan", "docker:two", "--to", "local"]);
  expect(planned.stdout).toContain(`only the key in ${keyFile} opens the stored values: keep a backup of it.`);
  const json = await world.unsprawl(["migrate", "docker:two", ...MIGRATE, "--json"]);
  const result = JSON.parse(json.stdout) as RunResult;
  second = result.run;
  expect(result.keyFiles).toEqual([
    { file: keyFile, id: expect.stringMatching(/^age1/) as string, isThere: true, backedUp: false },
  ]);
  expect(await keyChecks()).toEqual([
    `warn: only the key in ${keyFile} opens 2 entries in local, and no backup of it is confirmed`,
  ]);
});

it("scrub removes nothing before the backup is confirmed, and says what to type", async () => {
  const refused = await world.unsprawl(["scrub", first, "--yes"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    `next: copy ${keyFile} to a safe place; then unsprawl scrub ${first} --accept key-backup`,
  );
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).toContain(`one-before-${first}`);
  const odd = await world.unsprawl(["scrub", first, "--accept", "layer"]);
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("Allowed choices are key-backup")]);
});

it("nor while the key is gone, whatever is accepted: what the run kept is the last copy", async () => {
  renameSync(keyFile, `${keyFile}.aside`);
  const refused = await world.unsprawl(["scrub", first, "--accept", "key-backup"]);
  const checks = await keyChecks();
  renameSync(`${keyFile}.aside`, keyFile);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`next: restore ${keyFile} from its backup; or unsprawl rollback ${first}`);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).toContain(`one-before-${first}`);
  expect(checks).toEqual([`fail: ${keyFile} does not have the only key that opens 2 entries in local`]);
});

it("what was confirmed is remembered for the key, in every later run", async () => {
  const args = ["scrub", first, "--accept", "key-backup", "--no-residue", "--json"];
  const scrubbed = await world.unsprawl(args);
  expect(scrubbed.code, scrubbed.stderr).toBe(0);
  expect((JSON.parse(scrubbed.stdout) as ScrubResult).keyFiles).toEqual([
    { file: keyFile, id: expect.stringMatching(/^age1/) as string, isThere: true, backedUp: true },
  ]);
  const later = await world.unsprawl(["scrub", second, "--no-residue"]);
  expect(later.code, later.stderr).toBe(0);
  start("three");
  const moved = await world.unsprawl(["migrate", "docker:three", ...MIGRATE]);
  expect(moved.stdout).not.toContain("Back up ");
  expect(await keyChecks()).toEqual([
    `ok: only the key in ${keyFile} opens 3 entries in local; a backup of it is confirmed`,
  ]);
});
