import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { migrate, printed } from "../files-world.ts";

// A container that keeps restarting moves, and is said to behave as before, no more.

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

const state = (name: string): string =>
  engine.docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name).trim();
/** It waits for its next start, and not for the first time: one failure is no loop yet. */
const loops = async (name: string): Promise<void> => {
  const count = (): number => Number(engine.docker("inspect", "-f", "{{.RestartCount}}", name));
  await expect.poll(count, { interval: 50 }).toBeGreaterThan(2);
  await expect.poll(() => state(name), { interval: 50 }).toBe("restarting 3");
};

function start(name: string, script: string): string {
  const value = random(20);
  world.plant({ [name]: value });
  const how = ["--network", "none", "--restart", "always", "-e", `DB_PASSWORD=${value}`];
  engine.docker("run", "-d", "--name", name, ...how, BUSYBOX, "sh", "-c", script);
  return value;
}

it("one that keeps restarting as before is moved, without a claim that it has its value, and rolled back", async () => {
  const value = start("loops", "exit 3");
  await loops("loops");
  const { ran, run } = await migrate(world, "docker:loops", ["--grace", "300ms"]);
  expect(ran.code, printed(ran)).toBe(0);
  expect(printed(ran)).toMatch(/it keeps restarting already(?: \(exit 3\))?, so it is verified to behave as before/);
  expect(printed(ran)).toMatch(/keeps restarting, as before; not verified: whether it receives DB_PASSWORD/);
  expect(engine.docker("inspect", "loops")).not.toContain(value);
  await loops("loops");
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, printed(back)).toBe(0);
  expect(engine.docker("inspect", "loops")).toContain(value);
  await loops("loops");
});

it("one that ends in another way than before is put back", async () => {
  const value = start("differs", "[ ! -e /run/unsprawl ] || exit 7; exit 3");
  await loops("differs");
  const { ran } = await migrate(world, "docker:differs", ["--grace", "300ms"]);
  expect(ran.code, printed(ran)).toBe(1);
  expect(printed(ran)).toContain("differs did not stay up (exit 7)");
  expect(engine.docker("inspect", "differs")).toContain(value);
  await loops("differs");
});
