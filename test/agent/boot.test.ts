import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, FILE_ENV, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
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
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

const BOOT = ["agent", "--once", "--boot-timeout", "30s"];
const running = (): string[] => engine.docker("ps", "--format", "{{.Names}}").split("\n").filter(Boolean).sort();
const ALL = ["by-file", "by-runtime", "by-shim"];

async function everyoneServes(): Promise<void> {
  await expect.poll(running, { timeout: 30_000 }).toEqual(ALL);
  for (const name of ALL)
    await expect.poll(() => valueIn(engine, name), { message: name, timeout: 30_000 }).toBe(values[name]);
}

describe("after a reboot", () => {
  it("every application has its value, by each delivery", async () => {
    await engine.kill();
    emptyMemory(world);
    const { code, stdout, stderr } = await world.unsprawl(BOOT);
    expect(code, stderr).toBe(0);
    for (const name of ["by-file", "by-shim"]) expect(stdout).toContain(`container:${name}: wrote API_TOKEN`);
    await engine.start();
    await everyoneServes();
  });

  it("that took the state folder too, the agent repairs what the engine could not start", async () => {
    await engine.kill();
    emptyMemory(world);
    rmSync(join(world.dir, "state"), { recursive: true });
    const boot = await world.unsprawl(BOOT);
    expect(boot.code, boot.stderr).toBe(0);
    await engine.start();
    await expect.poll(running, { timeout: 30_000 }).toEqual(["by-runtime"]);
    const { code, stdout, stderr } = await world.unsprawl(["agent", "--once"]);
    expect(code, stderr + stdout).toBe(0);
    for (const name of ["by-file", "by-shim"]) expect(stdout).toContain(`${name}: started`);
    await everyoneServes();
  });

  it("with a value that changed meanwhile, the application starts with the new one and is not restarted", async () => {
    expect((await world.unsprawl(["agent", "--once"])).code).toBe(0);
    await engine.kill();
    emptyMemory(world);
    values["by-shim"] = await change(bao, world, "by-shim");
    expect((await world.unsprawl(BOOT)).code).toBe(0);
    await engine.start();
    await everyoneServes();
    const { code, stdout } = await world.unsprawl(["agent", "--once", "--grace", "100ms"]);
    expect(code).toBe(0);
    const started = engine.docker("inspect", "-f", "{{.State.StartedAt}}", "by-shim");
    expect((await world.unsprawl(["agent", "--once", "--grace", "100ms"])).stdout, stdout).toBe("");
    expect(engine.docker("inspect", "-f", "{{.State.StartedAt}}", "by-shim")).toBe(started);
  });

  it("with a store that is away, the boot waits no longer than it may, and the files come once the store answers", async () => {
    emptyMemory(world);
    const away = { VAULT_ADDR: "http://127.0.0.1:9" };
    const began = Date.now();
    const { code } = await world.unsprawl([...BOOT.slice(0, 2), "--boot-timeout", "3s"], { env: away });
    expect(code).toBe(5);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect((await world.unsprawl(["agent", "--once"])).code).toBe(0);
  });

  it("a value that the runtime resolves is handed over by a restart", async () => {
    expect((await world.unsprawl(["agent", "--once", "--grace", "100ms"])).code).toBe(0);
    values["by-runtime"] = await change(bao, world, "by-runtime");
    const { code, stdout, stderr } = await world.unsprawl(["agent", "--once", "--grace", "100ms"]);
    expect(code, stderr + stdout).toBe(0);
    expect(stdout).toContain("by-runtime: restarted");
    await everyoneServes();
  });

  it("a container that a person stopped stays down", async () => {
    engine.docker("stop", "-t", "1", "by-shim");
    emptyMemory(world);
    const { code, stdout } = await world.unsprawl(["agent", "--once"]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("started");
    expect(running()).toEqual(["by-file", "by-runtime"]);
  });
});
