import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngine } from "./services/engine.ts";
import { makeImages } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { KilledSubject, type Bystanders } from "./support/kill-around.ts";
import { makeWorld } from "./support/world.ts";

// SIGKILL at random instants of a migration, to the program, to the engine and to the store. Whatever died, the run is
// resumed or rolled back, with the application up and its value in one place.

/** As many as one deep run is to have; `UNSPRAWL_KILLS=50` for fewer. */
const KILLS = Number(process.env["UNSPRAWL_KILLS"] ?? 500);
const VICTIMS = ["program", "engine", "program", "store"] as const;
const VERBS = ["resume", "rollback"] as const;

let around: Bystanders;
beforeAll(async () => {
  // Behind a certificate the store keeps what it has over its own death.
  const [engine, bao] = await Promise.all([startEngine(), startOpenBao({ tls: true })]);
  await makeImages(engine);
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, VAULT_CACERT: bao.caFile ?? "" };
  around = { engine, bao, world: makeWorld(engine.host, env) };
});
afterAll(async () => {
  await around?.engine.stop();
  await around?.bao.stop();
  around?.world.remove();
});

it("killed at random instants: the program, the engine, the store", { timeout: 14_400_000 }, async () => {
  const counts: { [what: string]: number } = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  /** How long an undisturbed run takes, which no kill may come after. */
  let lastsMs = 8000;
  let kills = 0;
  for (let turn = 0; kills < KILLS; turn++) {
    const victim = VICTIMS[turn % VICTIMS.length] ?? "program";
    const form = turn % 8 < 4 ? "container" : "Compose";
    const subject = await new KilledSubject(`any-${turn}`, form, around).begin(randomInt(2) === 0);
    const at = Date.now() + 300 + randomInt(lastsMs);
    const began = Date.now();
    const wasAtWork = await subject.applyUntil(
      () => Date.now() > at,
      async (pid) => {
        if (victim === "program") process.kill(pid, "SIGKILL");
        else await around[victim === "engine" ? "engine" : "bao"].kill();
      },
    );
    if (!wasAtWork) lastsMs = Math.max(2000, Math.min(lastsMs, Date.now() - began));
    else {
      kills++;
      // Its container may be in the engine's hands for a moment longer.
      if (victim === "engine") await around.engine.start();
      if (victim === "store") await around.bao.start();
      const verb = VERBS[randomInt(2)] ?? "resume";
      count(`${victim}, ${form}: ${(await subject.finish(verb)) ? verb : "not begun"}`);
      if (kills % 25 === 0) process.stdout.write(`kills: ${kills}; ${JSON.stringify(counts)}\n`);
      if (randomInt(8) === 0) await sleep(5000);
    }
    subject.clear();
  }
  expect(kills).toBeGreaterThanOrEqual(KILLS);
});
