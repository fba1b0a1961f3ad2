import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { DEEP } from "../support/deep.ts";
import { faultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { makeWorld, type World } from "../support/world.ts";
import { migrated, startAgent } from "./stage.ts";

// While nothing changes the agent does next to nothing, for however long.

let engine: WorkerEngine;
let bao: OpenBao;
let proxy: FaultProxy;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  proxy = await faultProxy(bao.address);
  world = makeWorld(engine.host, { VAULT_ADDR: proxy.url, VAULT_TOKEN: bao.token });
  for (const name of ["quiet", "still"]) await migrated(engine, world, { name, image: BUSYBOX, deliver: "shim" });
});

afterAll(async () => {
  await engine?.clean();
  await proxy?.stop();
  await bao?.stop();
  world?.remove();
});

/** In hundredths of a second of a processor. */
function used(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

it("needs next to no processor, and no value is read", async () => {
  const agent = startAgent(world, "--grace", "100ms");
  const pid = agent.child.pid ?? 0;
  await expect.poll(agent.output).toContain("serving");
  await sleep(5000);
  const seconds = DEEP ? 120 : 15;
  const asked: string[] = [];
  proxy.fault({ kind: "reset" }, Infinity, ({ path }) => (void asked.push(path), false));
  const before = used(pid);
  await sleep(seconds * 1000);
  const cpu = (used(pid) - before) / seconds;
  if (DEEP) console.log(`${cpu.toFixed(2)} % of a processor, asking every 2 s`);
  expect(cpu).toBeLessThan(3);
  expect(asked.length).toBeGreaterThan(seconds / 4);
  expect(asked.filter((path) => !path.startsWith("/v1/secret/metadata/"))).toEqual([]);
  expect(agent.output().trim()).toMatch(/^serving 2 consumers of 1 store \(vault\).*$/);
  await agent.end();
});
