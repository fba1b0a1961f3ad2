// What a move from store to store costs in memory and time, for few and for many values: the values themselves (8 KiB each)
// should not add up. `node test/bench/stores.ts [COUNT…]`.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pMap from "p-map";
import { stringify } from "yaml";
import { startOpenBao } from "../services/openbao.ts";
import { makeWorld, MAIN } from "../support/world.ts";

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [2000, 10_000];
const VALUE_BYTES = 8 * 1024;
const PEAK = `process.on("exit",()=>{process._rawDebug("peak "+process.resourceUsage().maxRSS)})`;

const main = process.env["UNSPRAWL_MAIN"] ?? MAIN;
for (const size of SIZES) {
  const bao = await startOpenBao();
  const world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  try {
    await bao.api("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
    const stores = {
      old: { provider: "vault", mount: "old", path: "{subject}" },
      new: { provider: "vault", path: "moved/{subject}" },
    };
    writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
    const names = Array.from({ length: size }, (_, at) => `s${String(at).padStart(5, "0")}`);
    const value = (): string => randomBytes((VALUE_BYTES / 4) * 3).toString("base64");
    await pMap(names, (name) => bao.api("POST", `old/${name}`, { KEY: value() }), { concurrency: 8 });
    for (const args of [
      ["plan", "old:", "--to", "new", "-o", "plan.json"],
      ["apply", "plan.json", "--yes"],
      ["rollback", "last", "--yes"],
    ])
      measure(size, args, world);
  } finally {
    await bao.stop();
    world.remove();
  }
}

function measure(size: number, args: readonly string[], world: ReturnType<typeof makeWorld>): void {
  const began = performance.now();
  const argv = ["--import", `data:text/javascript,${PEAK}`, main, ...args];
  const ran = spawnSync(process.execPath, argv, {
    cwd: world.dir,
    env: world.env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (ran.status !== 0) throw new Error(`${args.join(" ")} ended with ${ran.status}: ${ran.stderr.slice(-2000)}`);
  const peak = Number(/^peak (\d+)$/m.exec(ran.stderr)?.[1]) / 1024;
  const seconds = (performance.now() - began) / 1000;
  console.log(`${size} values, ${args[0]}: at most ${peak.toFixed(0)} MiB, ${seconds.toFixed(0)} s`);
}
