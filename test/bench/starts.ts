import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../src/model/version.ts";

// `npm run release && node test/bench/starts.ts`: how long each kind of installation takes to start, beside Node with
// nothing to do, turn by turn. docs/install.md has the figures.

const RELEASE = fileURLToPath(new URL("../../dist/release/", import.meta.url));
const ROUNDS = 30;
const executable = join(RELEASE, `unsprawl-${VERSION}-linux-x64`);
if (!existsSync(executable)) {
  process.stderr.write("dist/release/ is missing; next: npm run release\n");
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), "unsprawl-starts-"));
const env = { PATH: process.env["PATH"], HOME: dir };
try {
  const npm = join(dir, "npm/lib/node_modules/unsprawl/dist/main.js");
  const packed = join(RELEASE, `unsprawl-${VERSION}-npm.tgz`);
  run("npm", ["install", "--global", "--no-audit", "--no-fund", "--prefix", join(dir, "npm"), packed]);
  const file = join(dir, "unsprawl");
  cpSync(executable, file);
  mkdirSync(join(dir, "leaky"));
  cpSync(fileURLToPath(new URL("../../package.json", import.meta.url)), join(dir, "leaky/package.json"));
  const ways: readonly [name: string, words: readonly [string, ...string[]]][] = [
    ["bare node (node -e 0)", [process.execPath, "-e", "0"]],
    ["npm: --version", [process.execPath, npm, "--version"]],
    ["npm: --help", [process.execPath, npm, "--help"]],
    ["npm: scan dir:", [process.execPath, npm, "scan", `dir:${dir}/leaky`]],
    ["one file, packages, image: --version", [file, "--version"]],
    ["one file, packages, image: --help", [file, "--help"]],
    ["one file, packages, image: scan dir:", [file, "scan", `dir:${dir}/leaky`]],
  ];
  const times = ways.map((): number[] => []);
  for (let round = -2; round < ROUNDS; round++)
    for (const [at, [, words]] of ways.entries()) {
      const began = performance.now();
      run(...words);
      // The first rounds fill the compile cache and the system's.
      if (round >= 0) times[at]?.push(performance.now() - began);
    }
  const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  const bare = median(times[0] ?? []);
  for (const [at, [name]] of ways.entries()) {
    const ms = median(times[at] ?? []);
    process.stdout.write(`${name.padEnd(40)} ${ms.toFixed(0).padStart(5)} ms  ${(ms / bare).toFixed(1)}\n`);
  }
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  process.stdout.write(`${(statSync(file).size / 1e6).toFixed(0)} MB executable; median of ${ROUNDS}; load ${load}\n`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function run(program: string, words: readonly string[] | string = [], ...more: string[]): void {
  const args = typeof words === "string" ? [words, ...more] : words;
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${status} ${stderr}`);
}
