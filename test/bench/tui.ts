// `npm run build && node --import ./test/support/tsx.mjs --import ./test/support/stand-ins.mjs test/bench/tui.ts`: how
// fast the terminal UI is with 20,000 findings; prints figures, asserts nothing. A frame is one key press and all that
// follows from it up to the bytes that Ink writes: its wall time, and the CPU time of the whole process, which a busy
// machine lengthens less. On a terminal it is measured from outside, from the key that is sent to the first byte that
// comes back.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn, type IPty } from "@lydell/node-pty";
import { press } from "../../src/tui/actions.ts";
import { prepare } from "../../src/tui/prepare.ts";
import { roomsOf, scrollEnd } from "../../src/tui/screens/rooms.ts";
import { openStub } from "./tui-stub.ts";
import { bigSession, FINDINGS } from "./tui-session.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(ROOT, "dist/main.js");
const STAND_INS = join(ROOT, "test/support/stand-ins.mjs");
const STARTS = 10;
const KEYS = 100;
const IDLE_MS = 5_000;
const LATE_MS = 10_000;
const PAGE_DOWN = "\u001b[6~";
const SIZES = [
  [80, 24, "≤ 16 ms"],
  [120, 40, "≤ 16 ms"],
  [300, 100, "≤ 33 ms"],
] as const;

// React and Ink are slower, and write warnings, without this.
process.env["NODE_ENV"] ??= "production";
const { openApp } = await import("../../src/tui/app.tsx");

if (!existsSync(MAIN)) {
  process.stderr.write("dist/ is missing; next: npm run build\n");
  process.exit(1);
}
const dir = mkdtempSync(join(tmpdir(), "unsprawl-bench-tui-"));
const rows: string[][] = [["measured", "median", "p95", "CPU median", "CPU p95", "bytes", "goal"]];
try {
  for (const [columns, lines, goal] of SIZES) await frames(columns, lines, goal);
  await onTerminal();
  await firstFrame();
  print();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

type Taken = { readonly wall: number; readonly cpu: number; readonly bytes?: number };

/** One key after another, as on a terminal of which nothing is shown. */
async function frames(columns: number, lines: number, goal: string): Promise<void> {
  const session = bigSession();
  const { store, assembly } = session;
  const guard = (text: string): string => assembly.redactor.guard(text);
  const size = { columns, rows: lines };
  const stub = openStub(columns, lines);
  const app = openApp(session, stub);
  const time = async (keys: readonly string[]): Promise<Taken[]> => {
    const taken: Taken[] = [];
    for (const key of keys) {
      // A frame that follows at once is put off, which is not its work.
      await sleep(25);
      const [began, used, before] = [performance.now(), process.cpuUsage(), stub.bytes()];
      const { panes } = roomsOf(store.get(), size, guard);
      const last = scrollEnd(store.get(), size, guard);
      press(session, key, { page: panes.list.rows - 1, last, blind: false, wide: panes.shape !== "one" });
      await turn();
      const { user, system } = process.cpuUsage(used);
      const wall = performance.now() - began;
      taken.push({ wall, cpu: (user + system) / 1000, bytes: stub.bytes() - before });
    }
    return taken;
  };
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
  add(`${at} a row down`, await time(many("j")), goal);
  add(`${at} a page down`, await time(many("pagedown")), goal);
  await time(["/"]);
  add(`${at} typing a filter`, await time(Array.from("token 12!api")), goal);
  add(`${at} taking it back`, await time(many("backspace").slice(0, 12)), goal);
  await time(["esc"]);
  add(`${at} marking one`, await time(many("space")), goal);
  add(`${at} marking all, and none`, await time(["a", "a", "a", "a"]), goal);
  add(`${at} each tab`, await time(["2", "3", "4", "5", "1"]), goal);
  // A tab opens where one pane is in sight; esc is back in the list.
  await time(["esc"]);
  add(`${at} each grouping for the first time`, await time(["b", "b", "b", "b"]), goal);
  add(`${at} each grouping again`, await time(["b", "b", "b", "b", "b"]), goal);
  await time(["b", "b"]);
  add(`${at} a row down, by container`, await time(many("j")), goal);
  app.close();
}

/** The same on a pseudo-terminal, with everything that draws, and what standing still costs. */
async function onTerminal(): Promise<void> {
  const out = join(ROOT, "node_modules/.cache/unsprawl-bench");
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    devDependencies: object;
  };
  const externals = [...Object.keys(devDependencies), "react/jsx-runtime"].flatMap((name) => ["--external", name]);
  const bundler = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
  const how = ["--platform", "node", "--format", "esm", "-d", out, "--logLevel", "silent"];
  execFileSync(process.execPath, [bundler, join(ROOT, "test/bench/tui-main.ts"), ...how, ...externals], {
    cwd: ROOT,
    stdio: "ignore",
  });
  for (const [columns, lines, goal] of SIZES) {
    const child = run(join(out, "tui-main.js"), columns, lines, ["--import", STAND_INS]);
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
        goal,
      );
      const before = { cpu: cpuOf(child.pty.pid), bytes: child.bytes() };
      await sleep(IDLE_MS);
      const idle = cpuOf(child.pty.pid) - before.cpu;
      const bytes = `${child.bytes() - before.bytes} bytes`;
      rows.push([`${at} ${IDLE_MS / 1000} s of standing still`, "", "", `${idle.toFixed(1)} ms`, "", bytes, "0"]);
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
      await child.shows("Keys of the list");
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

function run(main: string, cols: number, lines: number, flags: readonly string[] = []): Running {
  const pty = spawn(process.execPath, [...flags, main], {
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
    return [0.5, 0.95].map((part) => `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1)} ms`);
  });
  const bytes = taken.map((one) => one.bytes ?? 0).sort((a, b) => a - b);
  rows.push([what, ...figures, `${bytes[Math.floor(bytes.length / 2)] || ""}`, goal]);
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
