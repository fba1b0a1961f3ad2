import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, FILE_ENV, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";
import { change, emptyMemory, migrated, valueIn } from "./stage.ts";

// The host reboots: engine and containers are killed, tmpfs is empty, and the agent runs before the engine, as its unit does.

let engine: TestEngine;
let bao: OpenBao;
let world: World;
const values: { [name: string]: string } = {};

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const installed = await world.unsprawl(["runtime", "install", "--to", "vault"]);
  expect(installed.code, installed.stderr).toBe(0);
  values["by-file"] = await migrated(engine, world, { name: "by-file", image: FILE_ENV, deliver: "file" });
  values["by-shim"] = await migrated(engine, world, { name: "by-shim", image: BUSYBOX, deliver: "shim" });
  values["by-runtime"] = await migrated(engine, world, { name: "by-runtime", image: BUSYBOX, deliver: "runtime" });
  values["shop-web-1"] = await migratedProject();
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

/** A Compose project, whose services are served from its files, which the containers' own labels name. */
async function migratedProject(): Promise<string> {
  const value = random(24);
  world.plant({ "shop API_TOKEN": value });
  const dir = join(world.dir, "project");
  mkdirSync(dir);
  const service = {
    ...{ image: BUSYBOX, network_mode: "none", restart: "always", stop_grace_period: "1s" },
    ...{ command: APP.map((word) => word.replaceAll("$", "$$$$")), environment: { API_TOKEN: value } },
  };
  writeFileSync(join(dir, "compose.yaml"), JSON.stringify({ name: "shop", services: { web: service } }));
  execFileSync(await composeCli(), ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
  const how = ["--to", "vault", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const { code, stdout, stderr } = await world.unsprawl(["migrate", "docker:shop-*", ...how]);
  expect(code, stderr + stdout).toBe(0);
  return value;
}

const BOOT = ["agent", "--once", "--boot-timeout", "30s"];
const running = (): string[] => engine.docker("ps", "--format", "{{.Names}}").split("\n").filter(Boolean).sort();
const ALL = ["by-file", "by-runtime", "by-shim", "shop-web-1"];

async function everyoneServes(): Promise<void> {
  await expect.poll(running).toEqual(ALL);
  for (const name of ALL) await expect.poll(() => valueIn(engine, name), { message: name }).toBe(values[name]);
}

describe("after a reboot", () => {
  it("every application has its value, by each delivery; one that changed meanwhile is new, without a restart", async () => {
    expect((await world.unsprawl(["agent", "--once"])).code).toBe(0);
    await engine.kill();
    emptyMemory(world);
    values["by-shim"] = await change(bao, world, "by-shim");
    const { code, stdout, stderr } = await world.unsprawl(BOOT);
    expect(code, stderr).toBe(0);
    for (const name of ["container:by-file", "container:by-shim", "compose:shop/web"])
      expect(stdout).toContain(`${name}: wrote API_TOKEN`);
    await engine.start();
    await everyoneServes();
    const pass = await world.unsprawl(["agent", "--once", "--grace", "100ms"]);
    expect(pass.code).toBe(0);
    const started = engine.docker("inspect", "-f", "{{.State.StartedAt}}", "by-shim");
    expect((await world.unsprawl(["agent", "--once", "--grace", "100ms"])).stdout, pass.stdout).toBe("");
    expect(engine.docker("inspect", "-f", "{{.State.StartedAt}}", "by-shim")).toBe(started);
  });

  it("that took the state folder too, the agent repairs what the engine could not start", async () => {
    await engine.kill();
    emptyMemory(world);
    rmSync(join(world.dir, "state"), { recursive: true });
    const boot = await world.unsprawl(BOOT);
    expect(boot.code, boot.stderr).toBe(0);
    await engine.start();
    await expect.poll(running).toEqual(["by-runtime"]);
    const { code, stdout, stderr } = await world.unsprawl(["agent", "--once"]);
    expect(code, stderr + stdout).toBe(0);
    expect(stdout).toContain("compose:shop/web: wrote API_TOKEN");
    for (const name of ["by-file", "by-shim", "shop-web-1"]) expect(stdout).toContain(`${name}: started`);
    await everyoneServes();
  });

  it("with a store that is away, the boot waits no longer than it may, and the files come once the store answers", async () => {
    emptyMemory(world);
    const away = { VAULT_ADDR: "http://127.0.0.1:9" };
    const began = Date.now();
    const { code } = await world.unsprawl(["agent", "--once", "--boot-timeout", "1s"], { env: away });
    expect(code).toBe(5);
    // Unless it is said, it would be 30 s.
    expect(Date.now() - began).toBeLessThan(25_000);
    expect((await world.unsprawl(["agent", "--once"])).code).toBe(0);
  });

  it("a value that the runtime resolves, or a Compose project's files hold, is handed over by a restart", async () => {
    expect((await world.unsprawl(["agent", "--once", "--grace", "100ms"])).code).toBe(0);
    values["by-runtime"] = await change(bao, world, "by-runtime");
    values["shop-web-1"] = await change(bao, world, "shop/web");
    const { code, stdout, stderr } = await world.unsprawl(["agent", "--once", "--grace", "100ms"]);
    expect(code, stderr + stdout).toBe(0);
    for (const name of ["by-runtime", "shop-web-1"]) expect(stdout).toContain(`${name}: restarted`);
    await everyoneServes();
  });

  it("a container that a person stopped stays down", async () => {
    engine.docker("stop", "-t", "1", "by-shim");
    emptyMemory(world);
    const { code, stdout } = await world.unsprawl(["agent", "--once"]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("started");
    expect(running()).toEqual(["by-file", "by-runtime", "shop-web-1"]);
  });
});
