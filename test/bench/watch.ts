// How soon a started container is told, and what a history of 20,000 findings costs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareScan, type HostScan } from "../../src/core/changes.ts";
import { openSqliteHistory } from "../../src/history/sqlite.ts";
import type { Finding } from "../../src/model/finding.ts";
import { startEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";
import { follow } from "../watch/follower.ts";

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
const ms = (time: number): string => `${time.toFixed(0)} ms`;

if (process.argv[2] !== "history") await reaction();
await remembering();

/** From the answer of `docker run` on: the engine's own client is the yardstick. */
async function reaction(): Promise<void> {
  const engine = await startEngine();
  await makeImages(engine);
  const world = makeWorld(engine.host);
  const { DB_PASSWORD = "" } = twelveSecrets();
  const watching = follow(world, ["docker:", "--every", "1h", "--events"]);
  try {
    await watching.until((told) => told.some(({ type }) => type === "scan"));
    const [waits, runs]: [number[], number[]] = [[], []];
    for (let at = 0; at < 10; at++) {
      const name = `bench-${at}`;
      const before = performance.now();
      const env = `DB_PASSWORD=${DB_PASSWORD}`;
      engine.docker("run", "-d", "--name", name, "--network", "none", "-e", env, BUSYBOX, "sleep", "1000");
      const started = performance.now();
      await watching.until(() => watching.changes().some((change) => change.endsWith(name)));
      waits.push(Math.max(0, performance.now() - started));
      runs.push(started - before);
    }
    console.log(`told after a container's start: median ${ms(median(waits))}, longest ${ms(Math.max(...waits))}`);
    console.log(`  (docker run itself: median ${ms(median(runs))})`);
  } finally {
    await watching.stop();
    await engine.stop();
    world.remove();
  }
}

async function remembering(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-"));
  const history = await openSqliteHistory(dir);
  const findings = Array.from({ length: 20_000 }, (_, at) => findingOf(at));
  for (const text of ["the first time", "the second", "once more, nothing changed", "a tenth of them gone"]) {
    const seen = text.startsWith("a tenth") ? findings.filter((_, at) => at % 10 > 0) : findings;
    const before = performance.now();
    await history.remember("host", text, ["ops"], (past) => compareScan(past, scannedOf(text, seen)).addition);
    console.log(`20,000 findings remembered, ${text}: ${ms(performance.now() - before)}`);
  }
  const one = findings.slice(0, 8);
  const few = { ...scannedOf("few", one), partial: true, subjects: new Set(["container\0app-0"]) };
  const about = { present: false, findings: one.map(({ id }) => id), names: ["app-0"], subjects: [] };
  const before = performance.now();
  await history.remember("host", "few", ["ops"], (past) => compareScan(past, few).addition, about);
  console.log(`one container of these remembered: ${ms(performance.now() - before)}`);
  await history.close();
  rmSync(dir, { recursive: true });
}

function scannedOf(id: string, findings: readonly Finding[]): HostScan {
  const runs: ReadonlySet<string> = new Set();
  const facts = { id, host: "host", at: new Date().toISOString(), durationMs: 1, findings, moved: [], runs };
  const sources = [{ source: "docker:", subjects: 2000, errors: [] }];
  const none: ReadonlySet<string> = new Set();
  return { ...facts, sources, subjects: none, removed: none, floor: "medium", layers: false, partial: false };
}

function findingOf(at: number): Finding {
  const subjectName = `app-${at >> 3}`;
  return {
    ...{ id: at.toString(16).padStart(12, "0"), fingerprint: (at >> 2).toString(16).padStart(32, "0") },
    ...{ rule: "password", name: `DB_PASSWORD_${at % 8}`, confidence: "high", score: 0.93, severity: "high" },
    ...{ why: ["name says PASSWORD", "looks random"], unless: "the value were a reference, a path or a placeholder" },
    part: { in: "value", path: "", start: 0, length: 18 },
    location: {
      ...{ source: "docker:", subject: "container", subjectName, subjectId: "0".repeat(64) },
      ...{ where: "env", path: `Config.Env[${at % 8}]`, origin: "own" },
    },
    ...{ masked: "••••••••", length: 18, state: "new", ignoredBy: null, liveness: null },
    exposure: ["anyone who can open unix:///var/run/docker.sock"],
  };
}
