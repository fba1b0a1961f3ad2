import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngineDouble, type EngineDouble } from "../support/engine-double.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";
import { follow } from "./follower.ts";

const { DB_PASSWORD = "", SESSION_SECRET = "" } = twelveSecrets();
let engines: readonly EngineDouble[];
let world: World;

beforeAll(async () => {
  engines = await Promise.all([
    startEngineDouble({ api: { DB_PASSWORD } }),
    startEngineDouble({ api: { DB_PASSWORD } }),
  ]);
  world = makeWorld("unix:///nobody");
  const hosts = engines.map(({ host }, at) => `  web${at + 1}: { address: "${host}" }`);
  const gone = '  gone: { address: "unix:///nowhere/docker.sock" }';
  writeFileSync(join(world.dir, "unsprawl.yaml"), ["hosts:", ...hosts, gone].join("\n"));
});
afterAll(async () => {
  await Promise.all(engines.map((one) => one.stop()));
  world.remove();
});

it("hosts are watched side by side, each with its own events and history; one that is away is told", async () => {
  const one = follow(world, ["--every", "1h", "--events", "--hosts"]);
  const changes = (): string[] =>
    one.told.flatMap((told) =>
      told.type === "change" ? [`${told.kind} ${told.finding.name} ${told.host} ${told.finding.location.host}`] : [],
    );
  await one.until(() => changes().length === 2);
  expect(changes().sort()).toEqual(["new DB_PASSWORD web1 web1", "new DB_PASSWORD web2 web2"]);
  const [, second] = engines;
  if (second) second.containers["more"] = { SESSION_SECRET };
  second?.event("start", "more");
  await one.until(() => changes().includes("new SESSION_SECRET web2 web2"));
  await one.until(() => one.stderr.includes("no such socket"));
  expect(await one.stop()).toBe(0);

  const once = await world.unsprawl(["watch", "--once", "--hosts"]);
  expect([once.code, once.stdout]).toEqual([1, ""]);
  expect(once.stderr).toContain("web1: nothing new; 1 finding");
  const reached = await world.unsprawl(["watch", "--once", "--hosts", "web*"]);
  expect([reached.code, reached.stdout]).toEqual([0, ""]);
});
