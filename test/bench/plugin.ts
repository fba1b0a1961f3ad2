import { readFileSync } from "node:fs";
import { startEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { makeWorld } from "../support/world.ts";

// `npm run build && node --import ./test/support/tsx.mjs test/bench/plugin.ts`: how long an engine takes to start a container
// whose value is in a volume of the plugin, beside one with the value in its environment, turn by turn. docs/delivery.md has
// the figures.

const ROUNDS = 40;
const [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
const world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
try {
  await makeImages(engine);
  const names = ["without", "with"] as const;
  for (const name of names) {
    const how = ["--network", "none", "--stop-timeout", "0", "-e", `API_TOKEN=${random(24)}`];
    engine.docker("run", "-d", "--name", name, ...how, BUSYBOX, ...APP);
  }
  await unsprawl("plugin", "install", "--to", "vault", "--yes");
  await unsprawl("migrate", "docker:with", "--to", "vault", "--deliver", "volume", "--yes", "--grace", "100ms");
  const times = { without: [] as number[], with: [] as number[] };
  for (let round = -2; round < ROUNDS; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      engine.docker("stop", name);
      const began = performance.now();
      engine.docker("start", name);
      // The first rounds fill the caches.
      if (round >= 0) times[name].push(performance.now() - began);
    }
  const more = times.with.map((ms, at) => ms - (times.without[at] ?? 0));
  const rows = { ...times, "more, by pairs": more };
  for (const [name, all] of Object.entries(rows)) {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (part: number): string => `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0).padStart(5)} ms`;
    process.stdout.write(`${name.padEnd(16)} median ${at(0.5)}  10 % ${at(0.1)}  90 % ${at(0.9)}\n`);
  }
  process.stdout.write(`${ROUNDS} pairs; load ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]}\n`);
} finally {
  await engine.stop();
  await bao.stop();
  world.remove();
}

async function unsprawl(...words: readonly string[]): Promise<void> {
  const { code, stderr } = await world.unsprawl(words);
  if (code !== 0) throw new Error(`unsprawl ${words.join(" ")}: ${stderr}`);
}
