import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { differences, type Doc } from "../docker/compare.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { boundariesOf, killedAt, recorded } from "../support/kill.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

// A container that was started with --rm: the engine deletes it, and its volumes without a name, as soon as it stops.

let engine: TestEngine;
let world: World;

beforeAll(async () => {
  engine = await startEngine();
  await makeImages(engine);
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.stop();
  world?.remove();
});

const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];
const SECRET = twelveSecrets()["DB_PASSWORD"] ?? "";
const inspect = (name: string): Doc => (JSON.parse(engine.docker("inspect", name)) as Doc[])[0] as Doc;

function start(name: string, app = APP): Doc {
  const words = ["run", "-d", "--rm", "--init", "--network", "none", "--name", name, "-v", "/data"];
  engine.docker(...words, "-e", `DB_PASSWORD=${SECRET}`, BUSYBOX, ...app);
  engine.docker("exec", name, "sh", "-c", "echo kept > /data/file");
  return inspect(name);
}

const how = ["--to", "local", "--deliver", "shim", "--grace", "100ms"];
const plan = (name: string, ...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["plan", `docker:${name}`, ...how, "-o", `${name}.json`, ...more]);
const runOf = (name: string): string =>
  (JSON.parse(readFileSync(join(world.dir, `${name}.json`), "utf8")) as { id: string }).id;
const names = (name: string): string[] =>
  engine
    .docker("ps", "-a", "--format", "{{.Names}}")
    .split("\n")
    .filter((one) => one.startsWith(name))
    .sort();

/** It runs, with its data, and will be deleted when it stops. */
function expectServing(name: string): void {
  expect(engine.docker("exec", name, "cat", "/data/file")).toBe("kept");
  expect(inspect(name)["HostConfig"]).toMatchObject({ AutoRemove: true });
}

it("is left alone until it is accepted that only a copy can be kept", async () => {
  const { Id } = start("alone");
  const planned = await plan("alone");
  expect(planned.code).toBe(3);
  expect(planned.stdout).toMatch(/started with --rm[^]*--accept rm/);
  expect(inspect("alone").Id).toBe(Id);
  // What scrub looks for next must not be in it.
  engine.docker("rm", "-f", "-v", "alone");
});

it("is moved, put back from its copy, moved again and scrubbed", async () => {
  const old = start("whole");
  for (const round of ["rollback", "scrub"]) {
    expect((await plan("whole", "--accept", "rm")).code).toBe(0);
    const applied = await world.unsprawl(["apply", "whole.json"]);
    expect(applied.code, applied.stderr).toBe(0);
    expectServing("whole");
    expect(JSON.stringify(inspect("whole"))).not.toContain(SECRET);
    expect(names("whole")).toEqual(["whole", `whole-before-${runOf("whole")}`]);
    const after = await world.unsprawl([round, runOf("whole")]);
    expect(after.code, after.stderr).toBe(0);
    expectServing("whole");
    expect(names("whole")).toEqual(["whole"]);
    if (round === "scrub") break;
    const back = inspect("whole");
    expect(back.Config.Env).toEqual(old.Config.Env);
    expect(differences(old, back)).toEqual([]);
  }
});

it("is put back from its copy when the new one does not stay up, and is deleted for it", async () => {
  const old = start("once", ["sh", "-c", `[ ! -e /run/unsprawl ] || exit 1; ${APP[2] ?? ""}`]);
  expect((await plan("once", "--accept", "rm")).code).toBe(0);
  const applied = await world.unsprawl(["apply", "once.json"]);
  expect(applied.code).not.toBe(0);
  expectServing("once");
  expect(names("once")).toEqual(["once"]);
  expect(differences(old, inspect("once"))).toEqual([]);
});

it("killed at step boundaries, then resumed or rolled back", { timeout: 900_000 }, async () => {
  const begin = async (name: string): Promise<void> => {
    start(name);
    expect((await plan(name, "--accept", "rm")).code).toBe(0);
  };
  await begin("k-undisturbed-x");
  const { ran, kinds } = await recorded(world, ["apply", "k-undisturbed-x.json"]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(kinds.length).toBeGreaterThan(30);
  for (const [turn, at] of boundariesOf(kinds).entries()) {
    const name = `k-${turn}-x`;
    await begin(name);
    const killed = await killedAt(world, ["apply", `${name}.json`], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    const listed = JSON.parse((await world.unsprawl(["runs", "--json"])).stdout) as {
      runs: { run: string; units: unknown[] }[];
    };
    // Killed before its first record was whole, it did nothing.
    const begun = listed.runs.some((one) => one.run === runOf(name) && one.units.length > 0);
    const verb = turn % 2 === 0 ? "resume" : "rollback";
    if (begun) {
      const finished = await world.unsprawl([verb, runOf(name)]);
      expect(finished.code, `${verb}, ${at.kind}: ${finished.stderr}`).toBe(0);
    }
    expectServing(name);
    const moved = begun && verb === "resume";
    expect(names(name)).toEqual(moved ? [name, `${name}-before-${runOf(name)}`] : [name]);
    expect(JSON.stringify(inspect(name)).includes(SECRET)).toBe(!moved);
    engine.docker("rm", "-f", ...names(name));
  }
});
