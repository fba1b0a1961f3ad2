import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { expectServed } from "../support/served.ts";
import { makeWorld, type World } from "../support/world.ts";
import { change, emptyMemory } from "./stage.ts";

// A Compose project's services are served from its files, which the containers' own labels name.

let engine: TestEngine;
let bao: OpenBao;
let world: World;
let value = random(24);

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ "shop API_TOKEN": value });
  const dir = join(world.dir, "project");
  mkdirSync(dir);
  const service = {
    ...{ image: BUSYBOX, network_mode: "none", restart: "always", stop_grace_period: "1s" },
    ...{ command: APP.map((word) => word.replaceAll("$", "$$$$")), environment: { API_TOKEN: value } },
  };
  writeFileSync(join(dir, "compose.yaml"), JSON.stringify({ name: "shop", services: { web: service } }));
  const program = await composeCli();
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
  const how = ["--to", "vault", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const { code, stdout, stderr } = await world.unsprawl(["migrate", "docker:shop-*", ...how]);
  expect(code, stderr + stdout).toBe(0);
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

const WEB = "shop-web-1";

it("after a lost index and an empty tmpfs, its files come back and its containers start", async () => {
  await engine.kill();
  emptyMemory(world);
  rmSync(join(world.dir, "state"), { recursive: true });
  await engine.start();
  const state = (): string => engine.docker("inspect", "-f", "{{.State.Status}} {{.State.Error}}", WEB);
  await expect.poll(state, { timeout: 30_000 }).toMatch(/^exited .*(no such file|does not exist)/);
  const { code, stdout, stderr } = await world.unsprawl(["agent", "--once"]);
  expect(code, stderr + stdout).toBe(0);
  expect(stdout).toContain("compose:shop/web: wrote API_TOKEN");
  expect(stdout).toContain(`${WEB}: started`);
  await expectServed(engine.docker, WEB, { API_TOKEN: value });
});

it("a value that changes reaches its container", async () => {
  value = await change(bao, world, "shop/web");
  const { code, stdout, stderr } = await world.unsprawl(["agent", "--once", "--grace", "100ms"]);
  expect(code, stderr + stdout).toBe(0);
  expect(stdout).toContain(`${WEB}: restarted`);
  await expectServed(engine.docker, WEB, { API_TOKEN: value });
});
