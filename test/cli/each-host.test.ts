import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

let here: WorkerEngine;
let there: TestEngine;
let world: World;
const { DB_PASSWORD = "", API_TOKEN = DB_PASSWORD } = twelveSecrets();

beforeAll(async () => {
  [here, there] = await Promise.all([workerEngine(), startEngine()]);
  await makeImages(there);
  world = makeWorld(here.host);
  const hosts = { one: here.host, two: there.host, gone: `unix://${join(world.dir, "none.sock")}` };
  const lines = Object.entries(hosts).map(([name, address]) => `  ${name}: { address: "${address}" }\n`);
  writeFileSync(join(world.dir, "unsprawl.yaml"), `hosts:\n${lines.join("")}`, { mode: 0o600 });
  const start = (engine: Pick<TestEngine, "docker">, name: string, value: string): string =>
    engine.docker("run", "-d", "--name", name, "--network", "none", "-e", `DB_PASSWORD=${value}`, BUSYBOX, ...APP);
  start(here, "web", DB_PASSWORD);
  start(there, "worker", API_TOKEN);
});

afterAll(async () => {
  await here?.clean();
  await there?.stop();
  world?.remove();
});

type Hosts = {
  readonly hosts: readonly {
    readonly host: string;
    readonly exit: number;
    readonly result: { readonly steps?: readonly { readonly unit: string }[]; readonly state?: string } | null;
    readonly error: { readonly code: string } | null;
  }[];
};

async function onEach(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly hosts: Hosts["hosts"] }> {
  const { code, stdout } = await world.unsprawl([...args, "--hosts", "--json"]);
  return { code, ...(JSON.parse(stdout) as Hosts) };
}

const variables = (engine: Pick<TestEngine, "docker">, name: string): string =>
  engine.docker("inspect", name, "--format", "{{json .Config.Env}}");

it("plans each host by itself, and one that is gone holds nobody up", async () => {
  const { code, hosts } = await onEach("plan", "docker:", "--to", "local");
  expect(hosts.map(({ host, exit, error }) => [host, exit, error?.code ?? null])).toEqual([
    ["one", 0, null],
    ["two", 0, null],
    ["gone", 1, "unreachable"],
  ]);
  expect(hosts.slice(0, 2).map(({ result }) => result?.steps?.[0]?.unit)).toEqual(["web", "worker"]);
  const asFormat = await world.unsprawl(["plan", "docker:", "--to", "local", "--hosts", "--format", "json"]);
  const { hosts: formatted } = JSON.parse(asFormat.stdout) as Hosts;
  expect(formatted.map(({ host, exit }) => [host, exit])).toEqual(hosts.map(({ host, exit }) => [host, exit]));
  expect(code).toBe(5);
});

it("moves on each host, says what was done on how many, and puts each back", async () => {
  const { code, stderr } = await world.unsprawl([
    "migrate",
    "docker:",
    "--to",
    "local",
    "--grace",
    "1s",
    "--yes",
    "--hosts",
  ]);
  expect([code, stderr]).toEqual([5, expect.stringContaining("3 hosts: 2 done, 1 failed: gone")]);
  expect(variables(here, "web") + variables(there, "worker")).not.toContain("DB_PASSWORD");
  const back = await onEach("rollback", "last", "--yes");
  expect(back.hosts.map(({ host, exit }) => [host, exit])).toEqual([
    ["one", 0],
    ["two", 0],
    ["gone", 1],
  ]);
  expect([variables(here, "web").includes(DB_PASSWORD), variables(there, "worker").includes(API_TOKEN)]).toEqual([
    true,
    true,
  ]);
});

it("examines each host", async () => {
  const { hosts } = await onEach("doctor", "--no-residue");
  expect(hosts.map(({ host, result }) => [host, result !== null])).toEqual([
    ["one", true],
    ["two", true],
    ["gone", true],
  ]);
});
