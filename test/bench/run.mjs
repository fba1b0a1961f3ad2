// `npm run build && npm run bench`: prints figures, asserts nothing. Needs what the tests need: root, Debian, an engine
// of its own. Every comparison is made in one run and turn by turn, so that a busy machine slows both sides alike.
import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { which } from "../services/apt.ts";
import { startEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const CONTAINERS = 200;
const VARIABLES = 200_000;
const STARTS = 20;
const SCANS = 7;

if (!existsSync(MAIN)) {
  process.stderr.write("dist/ is missing; next: npm run build\n");
  process.exit(1);
}

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-"));
const env = {
  PATH: process.env.PATH,
  HOME: dir,
  XDG_STATE_HOME: join(dir, "state"),
  XDG_CONFIG_HOME: join(dir, "config"),
};
const rows = [["measured", "figure", "goal"]];
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const median = (figures) => figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];

/** Milliseconds that a program takes from spawn to end; its output goes nowhere. */
function time(program, args, options = {}) {
  const began = performance.now();
  const { status, stderr } = spawnSync(program, args, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 30,
    ...options,
  });
  const took = performance.now() - began;
  if (status !== 0 && status !== 3) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}`);
  return took;
}

function startUp() {
  const help = Array.from({ length: STARTS }, () => time(process.execPath, [MAIN, "--help"]));
  const bare = Array.from({ length: STARTS }, () => time(process.execPath, ["-e", "0"]));
  rows.push([
    `--help, median of ${STARTS}`,
    `${median(help).toFixed(0)} ms (bare node ${median(bare).toFixed(0)} ms)`,
    "",
  ]);
}

/** Twenty variables a container as real ones have, three of them secrets. */
function variables(index) {
  const plain = Array.from({ length: 17 }, (_, at) => `SETTING_${at}=value-${index}-${at}`);
  const secret = ["DB_PASSWORD", "API_TOKEN", "SESSION_SECRET"].map(
    (name) => `${name}=${randomBytes(18).toString("base64url")}`,
  );
  return [...plain, ...secret].flatMap((entry) => ["-e", entry]);
}

async function scan() {
  const engine = await startEngine();
  try {
    await makeImages(engine);
    const docker = which("docker");
    const host = { ...env, DOCKER_HOST: engine.host };
    const begin = (index) =>
      run(
        docker,
        [
          "run",
          "-d",
          "--network",
          "none",
          "--name",
          `bench-${index}`,
          ...variables(index),
          BUSYBOX,
          "sleep",
          "1000000",
        ],
        { env: host },
      );
    const queue = Array.from({ length: CONTAINERS }, (_, index) => index);
    const worker = async () => {
      for (let index = queue.pop(); index !== undefined; index = queue.pop()) await begin(index);
    };
    await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker));

    const [ours, theirs] = [[], []];
    for (let turn = 0; turn < SCANS; turn++) {
      theirs.push(time("sh", ["-c", "docker inspect $(docker ps -aq)"], { env: host }));
      ours.push(time(process.execPath, [MAIN, "scan", "--json"], { env: host }));
    }
    rows.push([`scan --json, ${CONTAINERS} running containers, median of ${SCANS}`, seconds(median(ours)), ""]);
    rows.push(["docker inspect $(docker ps -aq), turn by turn", seconds(median(theirs)), ""]);
    rows.push(["ratio", (median(ours) / median(theirs)).toFixed(2), "≤ 1.5"]);
  } finally {
    await engine.stop();
  }
}

function classify() {
  const lines = Array.from({ length: VARIABLES }, (_, id) => {
    const secret = id % 10 === 0;
    const name = secret
      ? ["DB_PASSWORD", "API_TOKEN", "AUTH"][id % 3]
      : ["LOG_LEVEL", "BASE_URL", "HOME", "BUILD_ID"][id % 4];
    const value = secret
      ? randomBytes(18).toString("base64url")
      : ["info", `https://host-${id}.example/path`, "/home/app", randomBytes(10).toString("hex")][id % 4];
    return JSON.stringify({ id, where: "env", name, value });
  });
  const file = join(dir, "variables.ndjson");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const input = openSync(file, "r");
  // GNU time would say the peak; Node says it of itself.
  const peak = join(dir, "peak.mjs");
  writeFileSync(peak, 'process.on("exit", () => process.stderr.write(String(process.resourceUsage().maxRSS)));\n');
  const began = performance.now();
  const done = spawnSync(process.execPath, ["--import", peak, MAIN, "classify"], {
    env,
    stdio: [input, "ignore", "pipe"],
    encoding: "utf8",
  });
  const took = performance.now() - began;
  closeSync(input);
  if (done.status !== 0) throw new Error(`classify ended with ${done.status}: ${done.stderr}`);
  rows.push([
    `classify, ${VARIABLES.toLocaleString("en")} variables`,
    `${seconds(took)}, ${Math.round(VARIABLES / (took / 1000)).toLocaleString("en")} a second, peak ${Math.round(Number(done.stderr) / 1024)} MiB`,
    "",
  ]);
}

try {
  startUp();
  classify();
  await scan();
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at].length)));
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join("  ")
        .trimEnd()}\n`,
    );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
