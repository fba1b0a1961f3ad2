// `npm run build && node test/bench/tui.ts`: how fast the terminal UI is with 20,000 findings; prints figures, asserts
// nothing. A frame is one key press and all that follows from it up to the bytes that are written: its wall time, and
// the CPU time of the whole process, which a busy machine lengthens less. On a terminal it is measured from outside, from
// the key that is sent to the first byte that comes back.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { spawn, type IPty } from "@lydell/node-pty";
import { press } from "../../src/tui/actions.ts";
import { prepare } from "../../src/tui/prepare.ts";
import { frame } from "../../src/tui/screens/index.ts";
import { paint } from "../../src/tui/widgets/paint.ts";
import { bigSession, FINDINGS } from "./tui-session.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MAIN = join(ROOT, "dist/main.js");
const STARTS = 10;
const KEYS = 100;
const IDLE_MS = 5_000;
const LATE_MS = 10_000;
const FRAME = "≤ 16 ms";
const PAGE_DOWN = "\u001b[6~";
const SIZES = [
  [80, 24],
  [120, 40],
  [300, 100],
] as const;

if (!existsSync(MAIN)) {
  process.stderr.write("dist/ is missing; next: npm run build\n");
  process.exit(1);
}
const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-tui-"));
const rows: string[][] = [["measured", "median", "slowest", "CPU median", "CPU slowest", "goal"]];
try {
  for (const [columns, lines] of SIZES) await frames(columns, lines);
  await onTerminal();
  await firstFrame();
  print();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

type Taken = { readonly wall: number; readonly cpu: number };

/** One key after another, without a terminal. */
async function frames(columns: number, lines: number): Promise<void> {
  const session = bigSession();
  const { store, assembly } = session;
  const guard = (text: string): string => assembly.redactor.guard(text);
  let now = frame(store.get(), { columns, rows: lines }, guard);
  const time = (keys: readonly string[]): Taken[] =>
    keys.map((key) => {
      const [began, used] = [performance.now(), process.cpuUsage()];
      press(session, key, { page: lines - 6, last: now.last, blind: false, wide: columns >= 90 });
      const next = frame(store.get(), { columns, rows: lines }, guard);
      paint(now.rows, next.rows, true);
      now = next;
      const { user, system } = process.cpuUsage(used);
      return { wall: performance.now() - began, cpu: (user + system) / 1000 };
    });
  const many = (key: string): string[] => Array.from({ length: KEYS }, () => key);
  const at = `${columns}×${lines}:`;
  // As after a scan; what a piece of it costs is what a key press may have to wait.
  prepare(store);
  const pieces: Taken[] = [];
  for (let piece = 0; piece < 20; piece++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    await turn();
    const { user, system } = process.cpuUsage(used);
    pieces.push({ wall: performance.now() - began, cpu: (user + system) / 1000 });
  }
  add(`${at} making ready after a scan, a piece`, pieces, "≤ 16 ms");
  add(`${at} a row down`, time(many("j")), FRAME);
  add(`${at} a page down`, time(many("pagedown")), FRAME);
  time(["/"]);
  add(`${at} typing a filter`, time(Array.from("token 12!api")), FRAME);
  add(`${at} taking it back`, time(many("backspace").slice(0, 12)), FRAME);
  time(["esc"]);
  add(`${at} marking one`, time(many("space")), FRAME);
  add(`${at} marking all, and none`, time(["a", "a", "a", "a"]), FRAME);
  add(`${at} each tab`, time(["2", "3", "4", "5", "1"]), FRAME);
  // A tab opens where one pane is in sight; esc is back in the list.
  time(["esc"]);
  add(`${at} each grouping for the first time`, time(["b", "b", "b", "b"]), FRAME);
  add(`${at} each grouping again`, time(["b", "b", "b", "b", "b"]), FRAME);
  time(["b", "b"]);
  add(`${at} a row down, by container`, time(many("j")), FRAME);
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
    const child = run(join(out, "tui-main.js"), columns, lines);
    try {
      await child.shows("secrets in");
      await sleep(500);
      const at = `${columns}×${lines} on a terminal:`;
      const keys = [...Array.from({ length: KEYS }, () => "j"), ...Array.from({ length: KEYS }, () => PAGE_DOWN)];
      const walls: number[] = [];
      const worked = cpuOf(child.pty.pid);
      for (const key of keys) walls.push(await child.answer(key));
      // The kernel counts by ticks, too coarse for one key.
      const cpu = (cpuOf(child.pty.pid) - worked) / keys.length;
      add(
        `${at} a row or a page down, to the first byte`,
        walls.map((wall) => ({ wall, cpu })),
        FRAME,
      );
      const before = { cpu: cpuOf(child.pty.pid), bytes: child.bytes() };
      await sleep(IDLE_MS);
      const idle = cpuOf(child.pty.pid) - before.cpu;
      const bytes = `${child.bytes() - before.bytes} bytes`;
      rows.push([`${at} ${IDLE_MS / 1000} s of standing still`, bytes, "", `${idle.toFixed(1)} ms`, "", "0"]);
    } finally {
      child.pty.kill("SIGKILL");
    }
  }
}

/** From the start of the program to the first frame and to the first answer; there is no engine, so nothing is read. */
async function firstFrame(): Promise<void> {
  const frames: Taken[] = [];
  const answers: Taken[] = [];
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now();
    const child = run(MAIN, 120, 40);
    const taken = (): Taken => ({ wall: performance.now() - began, cpu: cpuOf(child.pty.pid) });
    try {
      await child.shows("unsprawl");
      frames.push(taken());
      child.pty.write("?");
      await child.shows("esc closes");
      answers.push(taken());
    } finally {
      child.pty.kill("SIGKILL");
    }
  }
  add(`start to the first frame, ${STARTS} starts`, frames, "≤ 300 ms");
  add(`start to the answer to a key typed then`, answers, "");
}

type Running = {
  readonly pty: IPty;
  bytes(): number;
  shows(text: string): Promise<void>;
  /** Sends a key; milliseconds until the first byte that answers it. */
  answer(key: string): Promise<number>;
};

function run(main: string, cols: number, lines: number): Running {
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

function add(what: string, taken: readonly Taken[], goal: string): void {
  const figures = (["wall", "cpu"] as const).flatMap((of) => {
    const sorted = taken.map((one) => one[of]).sort((a, b) => a - b);
    return [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((ms) => `${(ms ?? 0).toFixed(1)} ms`);
  });
  rows.push([what, ...figures, goal]);
}

function print(): void {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${FINDINGS.toLocaleString("en")} findings; load ${load}\n${lines.join("\n")}\n`);
}
