// `npm run build && node test/bench/tui.ts`: how fast the terminal UI is with 20,000 findings; prints figures, asserts
// nothing. A frame's time is that of one key press and the frame after it; on a terminal, from the key that is sent to
// the first byte that comes back.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn, type IPty } from "@lydell/node-pty";
import { press } from "../../src/tui/actions.ts";
import { frame } from "../../src/tui/screens/index.ts";
import { bigSession, FINDINGS } from "./tui-session.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MAIN = join(ROOT, "dist/main.js");
const STARTS = 10;
const KEYS = 100;
const IDLE_MS = 5_000;
const LATE_MS = 10_000;
const SIZES = [
  [60, 15],
  [120, 40],
  [300, 100],
] as const;

if (!existsSync(MAIN)) {
  process.stderr.write("dist/ is missing; next: npm run build\n");
  process.exit(1);
}
const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-tui-"));
const rows: string[][] = [["measured", "median", "slowest", "goal"]];
try {
  for (const [columns, lines] of SIZES) pure(columns, lines);
  await onTerminal();
  await firstFrame();
  print();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** One key after another, without a terminal: what the change and the frame cost by themselves. */
function pure(columns: number, lines: number): void {
  const session = bigSession();
  const { store, assembly } = session;
  const guard = (text: string): string => assembly.redactor.guard(text);
  let { last } = frame(store.get(), { columns, rows: lines }, guard);
  const time = (keys: readonly string[]): number[] =>
    keys.map((key) => {
      const began = performance.now();
      press(session, key, { page: lines - 6, last, blind: false, wide: columns >= 90 });
      ({ last } = frame(store.get(), { columns, rows: lines }, guard));
      return performance.now() - began;
    });
  const many = (key: string): string[] => Array.from({ length: KEYS }, () => key);
  const at = `${columns}×${lines}, ${FINDINGS.toLocaleString("en")} findings:`;
  add(`${at} a row down`, time(many("j")), "≤ 16 ms");
  add(`${at} a page down`, time(many("pagedown")), "≤ 16 ms");
  time(["/"]);
  add(`${at} typing a filter`, time(Array.from("token 12!api")), "≤ 16 ms");
  add(`${at} taking it back`, time(many("backspace").slice(0, 12)), "≤ 16 ms");
  time(["esc"]);
  add(`${at} marking one`, time(many("space")), "≤ 16 ms");
  add(`${at} marking all, and none`, time(["a", "a", "a", "a"]), "");
  add(`${at} each tab`, time(["2", "3", "4", "5", "1"]), "≤ 16 ms");
  // A tab opens where one pane is in sight; esc is back in the list.
  time(["esc"]);
  add(`${at} each grouping`, time(["b", "b", "b", "b", "b"]), "");
  time(["b"]);
  add(`${at} a row down, by container`, time(many("j")), "≤ 16 ms");
}

/** The same on a pseudo-terminal, with everything that draws, and what standing still costs. */
async function onTerminal(): Promise<void> {
  const out = join(ROOT, "node_modules/.cache/unsprawl-bench");
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: object };
  const externals = [...Object.keys(dependencies), "react/jsx-runtime"].flatMap((name) => ["--external", name]);
  const bundler = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
  const how = ["--platform", "node", "--format", "esm", "-d", out, "--logLevel", "silent"];
  execFileSync(process.execPath, [bundler, join(ROOT, "test/bench/tui-main.ts"), ...how, ...externals], {
    cwd: ROOT,
    stdio: "ignore",
  });
  for (const [columns, lines] of SIZES) {
    const child = start(join(out, "tui-main.js"), columns, lines);
    try {
      await child.shows("secrets in");
      await sleep(500);
      const at = `${columns}×${lines} on a terminal:`;
      const times: number[] = [];
      const worked = cpuOf(child.pty.pid);
      for (let turn = 0; turn < KEYS; turn++) times.push(await child.answer("j"));
      const each = (cpuOf(child.pty.pid) - worked) / KEYS;
      add(`${at} key to first byte`, times, `${each.toFixed(1)} ms of CPU a key`);
      const before = { cpu: cpuOf(child.pty.pid), bytes: child.bytes() };
      await sleep(IDLE_MS);
      const cpu = cpuOf(child.pty.pid) - before.cpu;
      rows.push([
        `${at} ${IDLE_MS / 1000} s of standing still`,
        `${cpu} ms of CPU`,
        `${child.bytes() - before.bytes} bytes`,
        "0",
      ]);
    } finally {
      child.pty.kill("SIGKILL");
    }
  }
}

/** From the start of the program to the first text on the screen; there is no engine, so nothing is read. */
async function firstFrame(): Promise<void> {
  const times: number[] = [];
  for (let turn = 0; turn < STARTS; turn++) {
    const began = performance.now();
    const child = start(MAIN, 120, 40);
    try {
      await child.shows("unsprawl");
      times.push(performance.now() - began);
    } finally {
      child.pty.kill("SIGKILL");
    }
  }
  add(`first frame, ${STARTS} starts`, times, "≤ 300 ms");
}

type Running = {
  readonly pty: IPty;
  bytes(): number;
  shows(text: string): Promise<void>;
  /** Sends a key; milliseconds until the first byte that answers it. */
  answer(key: string): Promise<number>;
};

function start(main: string, cols: number, lines: number): Running {
  const pty = spawn(process.execPath, [main], {
    cols,
    rows: lines,
    cwd: dir,
    name: "xterm-256color",
    env: { PATH: process.env["PATH"] ?? "", HOME: dir, TERM: "xterm-256color", DOCKER_HOST: `unix://${dir}/none.sock` },
  });
  let text = "";
  let heard: () => void = () => undefined;
  pty.onData((data) => {
    text += data;
    heard();
  });
  const more = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer within ${LATE_MS / 1000} s`)), LATE_MS);
      heard = () => {
        clearTimeout(late);
        resolve();
      };
    });
  return {
    pty,
    bytes: () => text.length,
    async shows(wanted) {
      while (!text.includes(wanted)) await more();
    },
    async answer(key) {
      const began = performance.now();
      const answered = more();
      pty.write(key);
      await answered;
      const took = performance.now() - began;
      // The rest of this frame is not the next one's answer.
      await sleep(60);
      return took;
    },
  };
}

/** Milliseconds of CPU that a process has used, by Linux's clock ticks of 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function add(what: string, times: readonly number[], goal: string): void {
  const sorted = times.toSorted((a, b) => a - b);
  const ms = (time: number | undefined): string => `${(time ?? 0).toFixed(1)} ms`;
  rows.push([what, ms(sorted[Math.floor(sorted.length / 2)]), ms(sorted.at(-1)), goal]);
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
