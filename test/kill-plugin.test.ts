import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngine } from "./services/engine.ts";
import { pluginProcess } from "./services/engines.ts";
import { makeImages } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { freePort } from "./services/tls.ts";
import { DEEP } from "./support/deep.ts";
import { KilledSubject, type Bystanders } from "./support/kill-around.ts";
import { makeWorld } from "./support/world.ts";

// SIGKILL at random instants of a migration to volumes of the plugin, on an engine that is reached over TCP. Whatever died, the
// run is resumed or rolled back, with the application up and its value in one place.

const KILLS = DEEP ? Number(process.env["UNSPRAWL_KILLS"] ?? 100) : 4;
const VICTIMS = ["program", "plugin", "engine", "store"] as const;
const VERBS = ["resume", "rollback"] as const;

let around: Bystanders;
beforeAll(async () => {
  const host = `tcp://127.0.0.1:${await freePort()}`;
  // Behind a certificate the store keeps what it has over its own death.
  const [engine, bao] = await Promise.all([
    startEngine({ args: ["--host", host, "--tls=false"] }),
    startOpenBao({ tls: true }),
  ]);
  await makeImages(engine);
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, VAULT_CACERT: bao.caFile ?? "" };
  around = { engine, bao, world: makeWorld(host, env), deliver: "volume" };
  const installed = await around.world.unsprawl(["plugin", "install", "--to", "vault", "--yes"]);
  expect(installed.code, installed.stderr).toBe(0);
});
afterAll(async () => {
  await around?.engine.stop();
  await around?.bao.stop();
  around?.world.remove();
});

type Victim = (typeof VICTIMS)[number];

const strike: { readonly [One in Victim]: (program: number) => void | Promise<void> } = {
  program: (pid) => void process.kill(pid, "SIGKILL"),
  plugin: () => void process.kill(pluginProcess(around.engine) ?? 0, "SIGKILL"),
  engine: () => around.engine.kill(),
  store: () => around.bao.kill(),
};

/**
 * As its unit does, which always restarts it: moby 26.1.5 can die as it starts after a kill, where it asks a plugin with volumes
 * that it has not started (`volumeDriverProxy.Capabilities` of a client that is nil).
 */
async function startAgain(tries = 2): Promise<void> {
  await around.engine.start().catch(async (error: unknown) => {
    if (tries === 0) throw error;
    process.stdout.write("the engine died as it started\n");
    await startAgain(tries - 1);
  });
}

it("a store that dies as the new containers are checked stops the way back too; resume goes both ways", async () => {
  const subject = await new KilledSubject("checked", "Compose", around).begin(false);
  expect(await subject.applyUntil(() => subject.isAt("check:"), strike.store)).toBe(true);
  await around.bao.start();
  expect(await subject.finish("resume")).toBe(true);
  subject.clear();
});

it(`${KILLS} kills: the program, the plugin, the engine, the store`, { timeout: 3_600_000 }, async () => {
  const counts: { [what: string]: number } = {};
  /** How long an undisturbed run takes, which no kill may come after. */
  let lastsMs = 5000;
  for (let turn = 0, kills = 0; kills < KILLS; turn++) {
    const victim = VICTIMS[kills % VICTIMS.length] ?? "program";
    const form = DEEP && turn % 8 >= 4 ? "Compose" : "container";
    const subject = await new KilledSubject(`plugin-${turn}`, form, around).begin(false);
    const began = Date.now();
    const at = began + 300 + randomInt(lastsMs);
    const wasAtWork = await subject.applyUntil(() => Date.now() > at, strike[victim]);
    if (wasAtWork) {
      kills++;
      if (victim === "engine") await startAgain();
      if (victim === "store") await around.bao.start();
      const verb = VERBS[randomInt(2)] ?? "resume";
      const ended = (await subject.finish(verb)) ? verb : "not begun";
      counts[`${victim}, ${form}: ${ended}`] = (counts[`${victim}, ${form}: ${ended}`] ?? 0) + 1;
      if (kills % 10 === 0) process.stdout.write(`kills: ${kills}; ${JSON.stringify(counts)}\n`);
    } else lastsMs = Math.max(1000, Math.min(lastsMs, Date.now() - began));
    subject.clear();
  }
  process.stdout.write(`kills: ${JSON.stringify(counts)}\n`);
});
