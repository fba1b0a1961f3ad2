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

/** In hundredths of a second of a processor, and KiB. */
function used(pid: number): { readonly cpu: number; readonly rss: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const [, rss = ""] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { cpu: Number(fields[11]) + Number(fields[12]), rss: Number(rss) };
}

it("needs next to no processor, and no value is read", { timeout: 300_000 }, async () => {
  const agent = startAgent(world, "--grace", "100ms");
  const pid = agent.child.pid ?? 0;
  await sleep(10_000);
  const seconds = DEEP ? 120 : 15;
  const asked: string[] = [];
  proxy.fault({ kind: "reset" }, Infinity, ({ path }) => (void asked.push(path), false));
  const before = used(pid);
  await sleep(seconds * 1000);
  const cpu = (used(pid).cpu - before.cpu) / seconds;
  if (DEEP) console.log(`${cpu.toFixed(2)} % of a processor, asking every 2 s`);
  expect(cpu).toBeLessThan(3);
  expect(asked.length).toBeGreaterThan(seconds / 4);
  expect(asked.filter((path) => !path.startsWith("/v1/secret/metadata/"))).toEqual([]);
  expect(agent.output().trim()).toMatch(/^serving 2 consumers of 1 store \(vault\).*$/);
  await agent.end();
});

it("keeps its memory over many polls", { timeout: 900_000 }, async () => {
  // Left to itself the heap takes room before it is collected; with little room, what grows is what is kept.
  world.env["NODE_OPTIONS"] = "--max-semi-space-size=1 --max-old-space-size=64";
  const agent = startAgent(world, "--grace", "100ms", "--every", "100ms");
  const pid = agent.child.pid ?? 0;
  await sleep(DEEP ? 60_000 : 10_000);
  const before = used(pid);
  await sleep(DEEP ? 200_000 : 10_000);
  const after = used(pid);
  if (DEEP) console.log(`resident ${before.rss} KiB after a minute, ${after.rss} KiB after some 2000 polls more`);
  expect(after.rss - before.rss).toBeLessThan(16 * 1024);
  await agent.end();
});
