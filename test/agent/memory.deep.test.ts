import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";
import { migrated, startAgent } from "./stage.ts";

// The memory of the whole process, with the real engine and store; flat.test.ts counts in each run what the agent keeps.

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  for (const name of ["quiet", "still"]) await migrated(engine, world, { name, image: BUSYBOX, deliver: "shim" });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

const resident = (pid: number): number => {
  const [, kib = ""] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib);
};

it("keeps its memory over many polls", { timeout: 900_000 }, async () => {
  // Left to itself the heap takes room before it is collected; with little room, what grows is what is kept.
  world.env["NODE_OPTIONS"] = "--max-semi-space-size=1 --max-old-space-size=64";
  const agent = startAgent(world, "--grace", "100ms", "--every", "100ms");
  const pid = agent.child.pid ?? 0;
  await sleep(60_000);
  const before = resident(pid);
  await sleep(200_000);
  const after = resident(pid);
  console.log(`resident ${before} KiB after a minute, ${after} KiB after some 2000 polls more`);
  expect(after - before).toBeLessThan(16 * 1024);
  await agent.end();
});
