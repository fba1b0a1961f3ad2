import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { expectServed } from "../support/served.ts";
import { makeWorld, type World } from "../support/world.ts";
import { emptyMemory, startAgent } from "./stage.ts";

// Two runs of one Compose service, an index that was lost in between, and an agent that serves while they are undone.

const NAMES = ["DB_PASSWORD", "API_TOKEN"];
const WEB = "trio-web-1";

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;
const values = Object.fromEntries(NAMES.map((name) => [name, random(24)]));
const command = APP.map((word) => word.replaceAll("$", "$$$$"));
const web = { image: BUSYBOX, network_mode: "none", restart: "always", stop_grace_period: "1s", command };
const FILE = stringify({ name: "trio", services: { web: { ...web, environment: values } } });

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant(values);
  mkdirSync(join(world.dir, "project"));
  writeFileSync(join(world.dir, "project/compose.yaml"), FILE);
  const program = await composeCli();
  execFileSync(program, ["up", "-d"], { cwd: join(world.dir, "project"), env: world.env, stdio: "pipe" });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

const expectServing = (): Promise<void> =>
  expectServed(engine.docker, WEB, Object.fromEntries(NAMES.map((name) => [name, values[name] ?? ""])));

/** The values that this host's index gives the service, and those that it has as files. */
function supplied(): { readonly index: readonly string[]; readonly files: readonly string[] } {
  const index = join(world.dir, "state/unsprawl/consumers.json");
  const folder = join(world.memory, "compose/trio/web");
  const { consumers } = existsSync(index)
    ? (JSON.parse(readFileSync(index, "utf8")) as { consumers: { values: { name: string }[] }[] })
    : { consumers: [] };
  return {
    index: consumers.flatMap((one) => one.values.map(({ name }) => name)).sort(),
    files: existsSync(folder) ? readdirSync(folder).sort() : [],
  };
}

it("each rollback names the run that comes first, and leaves the others served", async () => {
  const runs: string[] = [];
  for (const name of NAMES) {
    const how = ["--to", "vault", "--deliver", "shim", "--only", name, "--grace", "100ms", "--yes"];
    const moved = await world.unsprawl(["migrate", `docker:${WEB}`, ...how]);
    expect(moved.code, moved.stderr + moved.stdout).toBe(0);
    runs.push(/Plan (\S+):/.exec(moved.stdout)?.[1] ?? "");
  }
  engine.docker("stop", WEB);
  emptyMemory(world);
  rmSync(join(world.dir, "state/unsprawl/consumers.json"));
  expect(await world.unsprawl(["agent", "--once"])).toMatchObject({ code: 0 });
  engine.docker("start", WEB);
  await expectServing();
  expect(supplied()).toEqual({ index: NAMES.toSorted(), files: NAMES.toSorted() });

  const agent = startAgent(world, "--every", "200ms", "--grace", "100ms");
  for (const [at, run] of runs.toReversed().entries()) {
    const left = NAMES.slice(0, NAMES.length - 1 - at).sort();
    for (const earlier of runs.slice(0, left.length)) {
      const refused = await world.unsprawl(["rollback", earlier]);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(run);
    }
    const back = await world.unsprawl(["rollback", run]);
    expect(back.code, back.stderr + back.stdout).toBe(0);
    await expectServing();
    await expect.poll(supplied).toEqual({ index: left, files: left });
  }
  expect(readFileSync(join(world.dir, "project/compose.yaml"), "utf8")).toBe(FILE);
  expect(await agent.end(), agent.output()).toBe(0);
  expect(supplied()).toEqual({ index: [], files: [] });
});
