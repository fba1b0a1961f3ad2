import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { differences, type Doc } from "./compare.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { BUSYBOX } from "../../services/images.ts";
import { Containers } from "../../support/containers.ts";
import { DEEP, sample } from "../../support/deep.ts";
import { savePlan, stateOf } from "../../support/in-process.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, sweep } from "../../support/kill.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

// A container that was started with --rm: the engine deletes it, and its volumes without a name, as soon as it stops.

/** Which verb comes first is drawn, so that two runs see each boundary end both ways. */
const first = randomInt(2);

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
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

it("is left alone until it is accepted that only a copy can be kept; then moved, put back from it, moved again and scrubbed", async () => {
  const old = start("whole");
  const planned = await plan("whole");
  expect(planned.code).toBe(3);
  expect(planned.stdout).toMatch(/started with --rm[^]*--accept rm/);
  expect(inspect("whole").Id).toBe(old.Id);
  for (const round of [["rollback"], ["scrub", "--accept", "key-backup"]]) {
    expect((await plan("whole", "--accept", "rm")).code).toBe(0);
    const applied = await world.unsprawl(["apply", "whole.json"]);
    expect(applied.code, applied.stderr).toBe(0);
    expectServing("whole");
    expect(JSON.stringify(inspect("whole"))).not.toContain(SECRET);
    expect(names("whole")).toEqual(["whole", `whole-before-${runOf("whole")}`]);
    const after = await world.unsprawl([...round, runOf("whole")]);
    expect(after.code, after.stderr).toBe(0);
    expectServing("whole");
    expect(names("whole")).toEqual(["whole"]);
    if (round[0] === "scrub") break;
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
  const lanes = [world, makeWorld(engine.host), makeWorld(engine.host)];
  const containers = new Containers(engine.socket);
  const begin = async (name: string, lane: World): Promise<string> => {
    await containers.run(name, { DB_PASSWORD: SECRET }, { NetworkMode: "none", AutoRemove: true }, ["/data"]);
    await containers.exec(name, "sh", "-c", "echo kept > /data/file");
    const options = { to: "local", deliver: "shim", grace: "100ms", accept: ["rm"] };
    return savePlan(lane, `${name}.json`, [`docker:${name}`], options);
  };
  await begin("k-undisturbed", world);
  const { ran, kinds } = await recorded(world, ["apply", "k-undisturbed.json"]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(kinds.length).toBeGreaterThan(30);
  // It matters only while the container is recreated how it was started: kill.test.ts kills before and behind, at each step.
  const whole = boundariesOf(kinds, "before intent recreate");
  const recreates = oneOfEachStep(DEEP ? whole : whole.filter(({ kind }) => kind.includes(" recreate/")));
  expect(recreates.length).toBeGreaterThan(4);
  const boundaries = sample(recreates, 3);
  await sweep(boundaries, lanes, async (at, turn, lane) => {
    const name = `k-${turn}`;
    const run = await begin(name, lane);
    const killed = await killedAt(lane, ["apply", `${name}.json`], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    const begun = stateOf(lane, run) !== null;
    const verb = (turn + first) % 2 === 0 ? "resume" : "rollback";
    if (begun) {
      const finished = await lane.unsprawl([verb, run]);
      expect(finished.code, `${verb}, ${at.kind}: ${finished.stderr}`).toBe(0);
    }
    expect(await containers.exec(name, "cat", "/data/file"), at.kind).toBe("kept");
    const now = await containers.inspect(name);
    expect(now["HostConfig"], at.kind).toMatchObject({ AutoRemove: true });
    const moved = begun && verb === "resume";
    const all = await containers.names(name);
    expect(all, at.kind).toEqual(moved ? [name, `${name}-before-${run}`] : [name]);
    expect(JSON.stringify(now).includes(SECRET), at.kind).toBe(!moved);
    await containers.remove(...all);
  });
  for (const lane of lanes.slice(1)) lane.remove();
});
