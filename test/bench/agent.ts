// The agent beside hostile tenants: `node test/bench/agent.ts [POLLS]`, 10,000 unless it is said. How soon an honest
// consumer's change is served, and what the agent's memory does.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { migrated, change, startAgent, valueIn } from "../agent/stage.ts";
import { startEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { makeWorld } from "../support/world.ts";

const POLLS = Number(process.argv[2] ?? 10_000);
const HONEST = ["honest-1", "honest-2"];
/** Takes no notice of SIGTERM. */
const DEAF = ["sh", "-c", "trap '[ -e /deaf ] || exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

const [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
const [store, slow] = [await faultProxy(bao.address), await faultProxy(bao.address)];
const world = makeWorld(engine.host, { VAULT_ADDR: store.url, VAULT_TOKEN: bao.token });
try {
  await makeImages(engine);
  const app = (name: string, more: readonly string[], command?: readonly string[]): Promise<string> =>
    migrated(engine, world, { name, image: BUSYBOX, deliver: "shim", more, ...(command && { command }) });
  for (const name of HONEST) await app(name, ["--stop-timeout", "1"]);
  // One that does not stop for an hour, one whose store does not answer, one that comes up no more.
  await app("deaf", ["--stop-timeout", "3600"], DEAF);
  await app("sick", ["--stop-timeout", "1", "--health-cmd", "test ! -e /sick", "--health-interval", "1s"]);
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    `stores:\n  stalled: { provider: vault, address: "${slow.url}", auth: { method: token } }\n`,
  );
  engine.docker(
    "run",
    "-d",
    "--name",
    "stalled",
    "-e",
    `API_TOKEN=${random(24)}`,
    "--stop-timeout",
    "1",
    BUSYBOX,
    ...DEAF,
  );
  const to = ["--to", "stalled", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const moved = await world.unsprawl(["migrate", "docker:stalled", ...to]);
  if (moved.code !== 0) throw new Error(moved.stderr);
  for (const name of ["deaf", "sick"]) engine.docker("exec", name, "touch", `/${name}`);
  slow.fault({ kind: "slow" }, Number.MAX_SAFE_INTEGER);

  const asked = { polls: 0 };
  store.fault({ kind: "reset" }, Number.MAX_SAFE_INTEGER, ({ method, path }) => {
    if (method === "GET" && path.includes(HONEST[0] ?? "")) asked.polls++;
    return false;
  });
  const agent = startAgent(world, "--grace", "200ms", "--every", "100ms", "--health-timeout", "20s");
  const memory = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.child.pid}/status`, "utf8"))?.[1]) / 1024;
  const [waits, sizes]: [number[], number[]] = [[], []];
  const began = Date.now();
  for (let turn = 0; asked.polls < POLLS; turn++) {
    await sleep(5000);
    if (turn % 6 === 0) for (const name of ["deaf", "sick"]) await change(bao, world, name);
    const name = HONEST[turn % HONEST.length] ?? "";
    const value = await change(bao, world, name);
    const changed = performance.now();
    while (valueIn(engine, name) !== value) {
      if (performance.now() - changed > 120_000)
        throw new Error(`${name} is not served: ${agent.output().slice(-2000)}`);
      await sleep(50);
    }
    waits.push(performance.now() - changed);
    sizes.push(memory());
    if (turn % 20 === 0) console.log(`${asked.polls} polls, ${report(waits)}, ${memory().toFixed(0)} MiB`);
  }
  const minutes = (Date.now() - began) / 60_000;
  const part = Math.max(1, sizes.length >> 2);
  console.log(
    `${asked.polls} polls in ${minutes.toFixed(1)} min, ${waits.length} changes: served after ${report(waits)}`,
  );
  console.log(`memory: first quarter ${mean(sizes.slice(0, part))} MiB, last ${mean(sizes.slice(-part))} MiB`);
  await agent.end();
} finally {
  await engine.stop();
  for (const one of [bao, store, slow]) await one.stop();
  world.remove();
}

function report(waits: readonly number[]): string {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(2)} s`;
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}`;
}

function mean(all: readonly number[]): string {
  return (all.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length)).toFixed(0);
}
