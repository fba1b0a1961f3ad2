import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startAgent } from "../agent/stage.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";

// A host's agent sees the new value in the store while a rotation still hands it out.

/** By how each gets its value. */
const NAMES = { web: "shim", worker: "shim", runner: "runtime" };

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const install = ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile];
  expect(await world.unsprawl(install)).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

function secretIn(name: string): string | undefined {
  const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith("SESSION_SECRET="))?.slice("SESSION_SECRET=".length);
}

/** How often each container has been started since. */
function startsSince(since: string): readonly (readonly [name: string, starts: number])[] {
  const until = `${Date.now() / 1000}`;
  const format = "{{.Actor.Attributes.name}}";
  const events = engine.docker(
    "events",
    "--since",
    since,
    "--until",
    until,
    "--filter",
    "event=start",
    "--format",
    format,
  );
  const lines = events.split("\n");
  return Object.keys(NAMES).map((name) => [name, lines.filter((line) => line === name).length]);
}

it("restarts nobody whom a rotation restarts: each starts once, and all end with the new value", async () => {
  const old = randomBytes(32).toString("hex");
  world.plant({ old });
  for (const [name, deliver] of Object.entries(NAMES)) {
    const variables = ["-e", `SESSION_SECRET=${old}`, "--network", "none", "--stop-timeout", "1"];
    engine.docker("run", "-d", "--name", name, "--restart", "always", ...variables, BUSYBOX, ...APP);
    const how = ["--to", "vault", "--deliver", deliver, "--grace", "100ms", "--yes"];
    const moved = await world.unsprawl(["migrate", `docker:${name}`, ...how]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  }
  const agent = startAgent(world, "--every", "100ms", "--grace", "100ms");
  await expect.poll(agent.output, { timeout: 20_000 }).toContain("serving");
  const since = `${Date.now() / 1000}`;
  // The agent asks the store many times while the first of them is still watched.
  const { code, stdout, stderr } = await world.unsprawl(["rotate", "--grace", "2s", "--yes"]);
  expect(code, stdout + stderr).toBe(0);
  // It takes note of what each has once the rotation has ended.
  await expect.poll(() => agent.output().match(/applied/g)?.length, { timeout: 20_000 }).toBe(3);
  expect(agent.output()).not.toContain("restarted");
  expect(startsSince(since)).toEqual(Object.keys(NAMES).map((name) => [name, 1]));
  const [now, ...others] = Object.keys(NAMES).map(secretIn);
  world.plant({ now: now ?? "" });
  expect([others, now === old]).toEqual([[now, now], false]);
  expect(await agent.end(), agent.output()).toBe(0);
});
