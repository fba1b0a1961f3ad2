import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";
import { commandLines, readPage } from "./typed.ts";

// The README's quick start as it stands there, on a host without systemd, with a reboot in between.

const engine = await workerEngine();
const world = makeWorld(engine.host);
afterAll(async () => {
  await engine.clean();
  world.remove();
});

const [, quickStart = ""] = /^## Quick start\n([\s\S]*?)^1\. /m.exec(readPage("README.md")) ?? [];
/** As Compose names it. */
const WEB = "shop-web-1";
const EXITS: { readonly [command: string]: number } = { scan: 3 };

it("leads from a leaky project to a migrated, rebooted and scrubbed one", async () => {
  const { DB_PASSWORD = "" } = twelveSecrets();
  const dir = join(world.dir, "shop");
  mkdirSync(dir);
  const command = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
  const service = `{ image: ${BUSYBOX}, network_mode: none, command: ${command}, environment: { DB_PASSWORD: ${DB_PASSWORD} } }`;
  writeFileSync(join(dir, "compose.yaml"), `services: { web: ${service} }\n`);
  execFileSync(await composeCli(), ["up", "-d"], { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] });
  const typed = commandLines(quickStart);
  expect(typed.map(([command]) => command)).toEqual(["scan", "migrate", "agent", "scrub"]);
  for (const [command = "", ...args] of typed) {
    if (command === "agent") {
      await reboot();
      continue;
    }
    const words = args.map((word) => word.replace("/srv/shop", dir));
    const ran = await world.unsprawl([command, ...words, ...(command === "migrate" ? ["--yes"] : [])]);
    expect(ran.code, ran.stderr).toBe(EXITS[command] ?? 0);
  }
  expect(engine.docker("inspect", WEB)).not.toContain(DB_PASSWORD);
  expect(engine.docker("exec", WEB, "cat", "/proc/1/environ")).toContain(DB_PASSWORD);
  expect(engine.docker("ps", "-a", "--filter", "name=web", "--format", "{{.Names}}").trim()).toBe(WEB);
  expect((await world.unsprawl(["scan"])).code).toBe(0);
});

/** What a reboot takes away, and what the agent's unit does at the next boot. */
async function reboot(): Promise<void> {
  engine.docker("stop", WEB);
  for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true });
  expect((await world.unsprawl(["agent", "--once", "--boot-timeout", "30s"])).code).toBe(0);
  engine.docker("start", WEB);
}
