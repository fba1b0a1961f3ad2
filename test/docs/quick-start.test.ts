import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
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
const EXITS: { readonly [command: string]: number } = { scan: 3 };

it("leads from a leaky container to a migrated, rebooted and scrubbed one", async () => {
  const { DB_PASSWORD = "" } = twelveSecrets();
  engine.docker("run", "-d", "--name", "web", "--network", "none", "-e", `DB_PASSWORD=${DB_PASSWORD}`, BUSYBOX, ...APP);
  const typed = commandLines(quickStart);
  expect(typed.map(([command]) => command)).toEqual(["scan", "plan", "apply", "agent", "scrub"]);
  for (const [command = "", ...args] of typed) {
    if (command === "agent") {
      await reboot();
      continue;
    }
    const ran = await world.unsprawl([command, ...args]);
    expect(ran.code, ran.stderr).toBe(EXITS[command] ?? 0);
  }
  expect(engine.docker("inspect", "web")).not.toContain(DB_PASSWORD);
  expect(engine.docker("exec", "web", "cat", "/proc/1/environ")).toContain(DB_PASSWORD);
  expect(engine.docker("ps", "-a", "--filter", "name=web", "--format", "{{.Names}}").trim()).toBe("web");
  expect((await world.unsprawl(["scan", "docker:web"])).code).toBe(0);
});

/** What a reboot takes away, and what the agent's unit does at the next boot. */
async function reboot(): Promise<void> {
  engine.docker("stop", "web");
  for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true });
  expect((await world.unsprawl(["agent", "--once", "--boot-timeout", "30s"])).code).toBe(0);
  engine.docker("start", "web");
}
