import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { need } from "../services/apt.ts";
import { composeCli } from "../services/compose.ts";
import { BUSYBOX } from "../services/images.ts";
import { installProgram } from "../services/installed.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { complaints } from "../services/systemd.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { filesBelow } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";
import { change, emptyMemory, migrated } from "./stage.ts";

// The agent as a service: what is printed, what is written, and what its own credentials may do.

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;
let units: string;
let program: readonly string[];

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.env["UNSPRAWL_AGENT_HOME"] = join(world.dir, "agent");
  units = join(world.dir, "units");
  program = installProgram();
  mkdirSync(units);
  await migrated(engine, world, { name: "served", image: BUSYBOX, deliver: "shim" });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

it("is printed first: nothing is written, and no credential is issued", async () => {
  const { code, stdout, stderr } = await world.unsprawl(["agent", "install", "systemd"], { program });
  expect(code, stderr).toBe(0);
  // Podman starts its containers at boot by a service of its own.
  expect(stdout).toContain("\nBefore=docker.service podman.service podman-restart.service\n");
  expect(stdout).toContain("\nWantedBy=multi-user.target docker.service podman.service podman-restart.service\n");
  expect(stdout).toContain("agent --once --boot-timeout 30s");
  expect(stderr).toContain(`read-only credentials to be issued in ${world.dir}/agent: vault`);
  expect(stderr).toContain("nothing was written: add --yes, or -o DIR");
  expect(existsSync(join(world.dir, "agent"))).toBe(false);
});

it("systemd finds nothing wrong with the unit, and little that stands open", async () => {
  const words = ["--on-change", "signal:HUP", "--every", "3s"];
  const made = await world.unsprawl(["agent", "install", "systemd", "-o", units, ...words], { program });
  expect(made.code, made.stderr).toBe(0);
  expect(await complaints(units, "unsprawl-agent.service")).toBe("");
  const unit = join(units, "unsprawl-agent.service");
  expect(readFileSync(unit, "utf8")).toMatch(/^ExecStart=.* agent --on-change signal:HUP --every 3s$/m);
  const analyze = await need("systemd-analyze", ["systemd"]);
  // Fails above the threshold, which is in tenths. It is root's, and may give files away.
  const judged = spawnSync(analyze, ["security", "--offline=true", "--threshold=26", unit], { encoding: "utf8" });
  expect(judged.status, judged.stdout).toBe(0);
});

it("its own credentials are 0600, and are all that it needs", async () => {
  const install = ["agent", "install", "systemd", "--yes", "-o", units, "--overwrite"];
  const made = await world.unsprawl(install, { program });
  expect(made.code, made.stderr).toBe(0);
  const files = filesBelow(join(world.dir, "agent"));
  expect(files.map((file) => file.slice(world.dir.length)).sort()).toEqual([
    "/agent/stores.json",
    "/agent/vault/token",
  ]);
  for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);

  const alone = { VAULT_ADDR: undefined, VAULT_TOKEN: undefined };
  emptyMemory(world);
  const boot = await world.unsprawl(["agent", "--once", "--boot-timeout", "20s"], { env: alone });
  expect(boot.code, boot.stderr + boot.stdout).toBe(0);
  expect(boot.stdout).toContain("container:served: wrote API_TOKEN");
  await change(bao, world, "served");
  const pass = await world.unsprawl(["agent", "--once", "--grace", "100ms"], { env: alone });
  expect(pass.code, pass.stderr + pass.stdout).toBe(0);
  expect(pass.stdout).toContain("served: restarted");

  const token = readFileSync(join(world.dir, "agent/vault/token"), "utf8");
  const write = bao.api("POST", "secret/data/apps/served", { data: { API_TOKEN: "x" } }, token);
  await expect(write).rejects.toThrow(/403/);
  // Versions are seen without a value being read.
  await expect(bao.api("GET", "secret/metadata/apps/served", undefined, token)).resolves.toBeDefined();
});

it("is uninstalled with its credentials, once that is asked for", async () => {
  const asked = await world.unsprawl(["agent", "uninstall", "systemd"]);
  expect(asked.stdout).toContain(`to be removed: ${world.dir}/agent`);
  expect(existsSync(join(world.dir, "agent"))).toBe(true);
  expect((await world.unsprawl(["agent", "uninstall", "systemd", "--yes"])).code).toBe(0);
  expect(existsSync(join(world.dir, "agent"))).toBe(false);
});

it("as a Compose project it has no right but to give files away", async () => {
  const made = await world.unsprawl([
    "agent",
    "install",
    "compose",
    "--image",
    "registry.example/unsprawl:1",
    "-o",
    ".",
  ]);
  expect(made.code, made.stderr).toBe(0);
  const program = await composeCli();
  const file = join(world.dir, "unsprawl-agent-compose.yaml");
  const read = spawnSync(program, ["-f", file, "config", "--format", "json"], { env: world.env, encoding: "utf8" });
  expect(read.status, read.stderr).toBe(0);
  const { services } = JSON.parse(read.stdout) as { services: { agent: { [key: string]: unknown } } };
  expect(services.agent).toMatchObject({
    ...{ cap_drop: ["ALL"], cap_add: ["CHOWN", "FOWNER", "DAC_OVERRIDE"], read_only: true, restart: "always" },
  });
});

it.each([
  [["agent"], { DOCKER_HOST: "tcp://192.0.2.1:2376" }, "unsprawl agent, on that machine"],
  [["agent", "--once", "--boot-timeout", "1s"], { DOCKER_HOST: "ssh://ops@far" }, "ssh ops@far unsprawl agent"],
  [["agent", "install", "systemd", "--yes"], { DOCKER_HOST: "https://192.0.2.1" }, "on that machine"],
])("%j for an engine elsewhere is refused before anything is written", async (args, env, next) => {
  emptyMemory(world);
  const { code, stderr, stdout } = await world.unsprawl(args, { env });
  expect(code, stderr).toBe(2);
  expect(stderr).toContain("the agent would write its files on the wrong machine");
  expect(stderr).toContain(next);
  expect(stdout).toBe("");
  expect(readdirSync(world.memory)).toEqual([]);
});

it.each([
  [["agent", "install", "kubernetes"], "not a form to install"],
  [["agent", "install", "swarm"], "needs an image"],
  [["agent", "--yes"], "--yes is for agent install"],
  [["agent", "--boot-timeout", "5s"], "--boot-timeout goes with --once"],
  [["agent", "--once", "--on-change", "reload"], "restart, signal:NAME or none"],
  [["agent", "--metrics", "everywhere"], "--metrics is an address and a port"],
  [["agent", "elsewhere"], "not an action of agent"],
])("%j is a usage error", async (args, says) => {
  const { code, stderr } = await world.unsprawl(args);
  expect(stderr).toContain(says);
  expect(code).toBe(2);
});
