import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { emptyMemory, migrated } from "../agent/stage.ts";
import { makeWorld, MAIN, type World } from "../support/world.ts";

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.env["UNSPRAWL_AGENT_HOME"] = join(world.dir, "agent");
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

it("unsprawl is not removed while a container needs it to start, and then leaves what is the user's", async () => {
  await migrated(engine, world, { name: "needy", image: BUSYBOX, deliver: "shim" });
  for (const words of [["--check"], [], ["--yes"]]) {
    const { code, stderr } = await world.unsprawl(["uninstall", ...words]);
    expect(code).toBe(1);
    expect(stderr).toContain("1 container needs unsprawl to start: container:needy (the files of its values)");
  }
  const { stderr } = await world.unsprawl(["uninstall", "--check"]);
  const [, run = ""] = /^ *next: unsprawl rollback (\S+)$/m.exec(stderr) ?? [];
  expect(run).toMatch(/^\d{8}-/);
  // The engine is gone: what this host knows of its consumers is enough.
  const without = { DOCKER_HOST: `unix://${world.dir}/no.sock` };
  expect((await world.unsprawl(["uninstall", "--check"], { env: without })).code).toBe(1);

  expect((await world.unsprawl(["rollback", "--yes"])).code, "rollback").toBe(0);
  emptyMemory(world);
  // An uninstallation that was killed has left a credential of the runtime.
  const [agent, runtime] = [join(world.dir, "agent"), world.env["UNSPRAWL_RUNTIME_HOME"] ?? ""];
  for (const folder of [agent, join(runtime, "vault")]) mkdirSync(folder, { recursive: true });
  expect((await world.unsprawl(["uninstall", "--check"])).code).toBe(0);
  const asked = await world.unsprawl(["uninstall"]);
  expect(asked.stdout).toContain(`to be removed: ${agent}`);
  expect(existsSync(agent)).toBe(true);
  const done = await world.unsprawl(["uninstall", "--yes", "--json"]);
  expect(JSON.parse(done.stdout)).toMatchObject({ removed: true, paths: [runtime, agent] });
  expect([agent, runtime].filter((path) => existsSync(path))).toEqual([]);
});

it("names no rollback of a run that was scrubbed", async () => {
  await migrated(engine, world, { name: "kept", image: BUSYBOX, deliver: "shim" });
  expect((await world.unsprawl(["scrub", "last", "--accept", "key-backup", "--no-residue"])).code).toBe(0);
  const { code, stderr } = await world.unsprawl(["uninstall", "--check"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/next: recreate container:kept with its values from the store \(run \d\S+ was scrubbed\)/);
  expect(stderr).not.toContain("rollback");
  engine.docker("rm", "--force", "kept");
});

it("the Docker CLI runs it as `docker unsprawl`, for the engine that was chosen before", async () => {
  const plugins = join(world.dir, "docker/cli-plugins");
  mkdirSync(plugins, { recursive: true });
  symlinkSync(MAIN, join(plugins, "docker-unsprawl"));
  const config = join(world.dir, "docker");
  expect(engine.docker("--config", config, "unsprawl", "--version")).toMatch(/^\d+\.\d+\.\d+$/);
  expect(engine.docker("--config", config, "--help")).toMatch(/unsprawl\*\s+Find secrets in containers/);
});
