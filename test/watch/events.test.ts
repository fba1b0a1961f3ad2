import { afterEach, beforeEach, expect, it } from "vitest";
import { startEngineDouble, type EngineDouble } from "../support/engine-double.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";
import { follow, type Follower } from "./follower.ts";

const { DB_PASSWORD = "", SESSION_SECRET = "" } = twelveSecrets();
let engine: EngineDouble;
let world: World;
let watching: Follower | null = null;

beforeEach(async () => {
  engine = await startEngineDouble({ before: { DB_PASSWORD } });
  world = makeWorld(engine.host);
});
afterEach(async () => {
  await watching?.stop("SIGKILL");
  await engine.stop();
  world.remove();
});

/** A small young generation: what the process keeps shows sooner, and what the collector leaves lying less. */
const start = (): Follower =>
  (watching = follow(world, ["docker:", "--every", "1h", "--events"], ["--max-semi-space-size=2"]));
const scans = (one: Follower): number => one.told.filter(({ type }) => type === "scan").length;

it("what starts is looked at, alone; what is removed is gone; what was there is told once", async () => {
  for (let at = 0; at < 20; at++) engine.containers[`quiet-${at}`] = {};
  const one = start();
  await one.until(() => scans(one) === 1);
  engine.containers["app"] = { SESSION_SECRET };
  const asked = engine.asked;
  engine.event("start", "app");
  await one.until(() => one.changes().includes("new SESSION_SECRET app"));
  expect(engine.asked - asked).toBeLessThan(10); // the list, the volumes, the container, its image and that one's history
  delete engine.containers["app"];
  engine.event("destroy", "app");
  await one.until(() => one.changes().length === 3);
  expect(one.changes()).toEqual(["new DB_PASSWORD before", "new SESSION_SECRET app", "gone SESSION_SECRET app"]);
  expect(await one.stop()).toBe(0);
});

it("a container that is called otherwise is looked at, and is the same", async () => {
  const one = start();
  await one.until(() => scans(one) === 1);
  engine.rename("before", "after");
  await one.until(() => scans(one) === 2);
  expect(one.changes()).toEqual(["new DB_PASSWORD before"]);
  engine.containers["other"] = { SESSION_SECRET };
  engine.event("start", "other");
  await one.until(() => one.changes().length === 2);
  engine.remove("after");
  await one.until(() => one.changes().length === 3);
  expect(one.changes()[2]).toBe("gone DB_PASSWORD after");
});

it("what started while the connection was away is found once it is back", async () => {
  const one = start();
  await one.until(() => scans(one) === 1);
  engine.broken = true;
  engine.cut();
  engine.containers["meanwhile"] = { SESSION_SECRET };
  await one.until(() => one.stderr.includes("broken"));
  engine.broken = false;
  await one.until(() => one.changes().includes("new SESSION_SECRET meanwhile"));
  await one.until(() => one.stderr.includes("reachable again"));
  expect(one.stderr).toMatch(/\d\d:\d\d UTC {2}.*broken/);
  expect(one.stderr).toMatch(/^\d\d:\d\d UTC {2}reachable again; it was unreachable since \d\d:\d\d UTC$/m);
  expect(one.stderr.match(/broken/g)).toHaveLength(1);
  expect(engine.followers).toBe(1);
});

it("an engine that is not there at first is waited for", async () => {
  engine.broken = true;
  const one = start();
  await one.until(() => one.stderr.includes("broken"));
  engine.broken = false;
  await one.until(() => one.changes().includes("new DB_PASSWORD before"));
});

it("a second watch of the same machine is refused; a killed one leaves nothing in the way", async () => {
  const one = start();
  await one.until(() => scans(one) === 1);
  const other = await world.unsprawl(["watch", "--once"]);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("another unsprawl watches this machine")]);
  await one.stop("SIGKILL");
  expect((await world.unsprawl(["watch", "--once"])).code).toBe(0);
});

it("ten thousand events at speed: no container is missed, and memory stays", async () => {
  const names = Array.from({ length: 500 }, (_, at) => `app-${at}`);
  const one = start();
  await one.until(() => scans(one) === 1);
  for (const name of names) engine.containers[name] = { DB_PASSWORD: `${DB_PASSWORD}${name}` };
  const storm = async (): Promise<void> => {
    for (let at = 0; at < 10_000; at++) {
      engine.event("start", names[(at * 7919) % names.length] ?? "");
      if (at % 500 === 0) await new Promise(setImmediate);
    }
    // One that comes last: when it is told, all before it have been looked at.
    const last = `last-${Math.random()}`;
    engine.containers[last] = { SESSION_SECRET };
    engine.event("start", last);
    await one.until(() => one.changes().includes(`new SESSION_SECRET ${last}`));
  };
  await storm();
  const told = one.changes().filter((change) => change.startsWith("new DB_PASSWORD app-"));
  expect([told.length, new Set(told).size]).toEqual([500, 500]);
  for (let more = 0; more < 2; more++) await storm();
  const before = one.memory();
  for (let more = 0; more < 3; more++) await storm();
  // A kilobyte kept of each event would be 30 MiB, on top of what a heap grows and shrinks by.
  expect(one.memory() - before).toBeLessThan(40);
  expect(one.changes().filter((change) => change.startsWith("new DB_PASSWORD app-"))).toHaveLength(500);
});
