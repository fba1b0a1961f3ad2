// `npm run bench`: detection against kingfisher, the fastest peer, on the same data in one run, turn by turn. Prints
// figures and ratios, asserts nothing. Kingfisher comes from PyPI; without it only the project's own figures are printed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { fleet } from "../eval/fleet.ts";
import { askPeer } from "../eval/peers.ts";
import { mixedText } from "./text.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONTAINERS = 10_000;
const TEXT_BYTES = 200_000_000;
const TURNS = 3;
const SEED = Math.floor(Math.random() * 1e9);

const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-detect-"));
const rows: string[][] = [["measured", "unsprawl", "kingfisher", "ratio", "goal"]];

try {
  if (!existsSync(MAIN)) throw new Error("dist/ is missing; next: npm run build");
  const labels = fleet({ seed: SEED, containers: CONTAINERS, out: join(dir, "fleet"), files: true });
  compare(
    `${labels.containers.toLocaleString("en")} containers, inspect: against a file each (seed ${SEED})`,
    `inspect:${join(dir, "fleet/inspect.json")}`,
    join(dir, "fleet/files"),
    "≤ 1",
  );
  const bytes = mixedText(join(dir, "text"), TEXT_BYTES);
  compare(`${Math.round(bytes / 1e6)} MB of mixed text, dir:`, `dir:${join(dir, "text")}`, join(dir, "text"), "≤ 1.2");
  print();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Both in turn, several times; medians, and the largest peak of memory of ours. */
function compare(what: string, source: string, folder: string, goal: string): void {
  const ours: Measured[] = [];
  const theirs: number[] = [];
  askPeer("kingfisher", join(ROOT, "test/bench")); // its rules are compiled once and kept
  for (let turn = 0; turn < TURNS; turn++) {
    ours.push(scan(source));
    const peer = askPeer("kingfisher", folder);
    if ("seconds" in peer) theirs.push(peer.seconds);
    else if (turn === 0) process.stderr.write(`kingfisher could not be had: ${peer.missing}\n`);
  }
  const [mine, other] = [median(ours.map(({ seconds }) => seconds)), median(theirs)];
  const peak = Math.max(...ours.map(({ peakMiB }) => peakMiB));
  rows.push([
    what,
    `${mine.toFixed(2)} s, peak ${peak} MiB, ${ours[0]?.findings ?? 0} findings`,
    theirs.length > 0 ? `${other.toFixed(2)} s` : "",
    theirs.length > 0 ? (mine / other).toFixed(2) : "",
    goal,
  ]);
}

type Measured = { readonly seconds: number; readonly peakMiB: number; readonly findings: number };

/** One scan as a user types it, its report thrown away; Node itself says how much memory it had at most. */
function scan(source: string): Measured {
  const hook = join(dir, "peak.mjs");
  writeFileSync(
    hook,
    'import { isMainThread } from "node:worker_threads";\nif (isMainThread) process.on("exit", () => process.stderr.write(`\\npeak ${process.resourceUsage().maxRSS}`));\n',
  );
  const env = { PATH: process.env["PATH"], HOME: dir, XDG_STATE_HOME: join(dir, "state") };
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--import", hook, MAIN, "scan", source, "--json", "--quiet", "--fail-on", "never"],
    { env, encoding: "utf8", maxBuffer: 1 << 30 },
  );
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`scan ${source} ended with ${status}: ${stderr}`);
  const { summary } = JSON.parse(stdout) as { summary: { findings: number } };
  return {
    seconds,
    peakMiB: Math.round(Number(/peak (\d+)/.exec(stderr)?.[1] ?? 0) / 1024),
    findings: summary.findings,
  };
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}

function print(): void {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
}
