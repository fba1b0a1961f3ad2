import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Progress } from "../../src/cli/progress.ts";
import type { HostEvent } from "../../src/contract/host.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { Secret } from "../../src/model/secret.ts";

beforeEach(() => void vi.stubEnv("CI", ""));
afterEach(() => void vi.unstubAllEnvs());

type Scan = Omit<Extract<HostEvent, { type: "scan" }>, "type" | "source"> & { readonly source?: string };

/** What one event draws on a terminal. */
function drawn(event: Scan): string {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  new Progress(terminal as unknown as NodeJS.WriteStream, { quiet: false, verbose: false }, new Redactor()).show({
    ...{ type: "scan", source: "archive:shop.tar" },
    ...event,
  });
  return String(terminal.read() ?? "").replace("\r\u001b[2K", "");
}

it.each<[event: Scan, says: RegExp]>([
  [{ done: 0, total: null }, /^scanning archive:shop\.tar 0$/],
  [{ done: 3, total: 4 }, /^scanning archive:shop\.tar 3\/4, \d+ s left$/],
  [
    { done: 1, total: 2, bytes: { done: 250e6, total: 1000e6 } },
    /^scanning archive:shop\.tar 1\/2, 250 of 1,000 MB, \d+ s left$/,
  ],
  [{ done: 0, total: 1, bytes: { done: 250e6, total: null } }, /^scanning archive:shop\.tar 0\/1, 250 MB$/],
  [{ done: 0, total: 1, bytes: { done: 250e6, total: 100e6 } }, /^scanning archive:shop\.tar 0\/1, 250 MB$/],
  [{ done: 0, total: 1, bytes: { done: 0, total: 100e6 } }, /^scanning archive:shop\.tar 0\/1, 0 of 100 MB$/],
  [{ source: "dir:a\u001b]0;x\u0007\n", done: 0, total: null }, /^scanning dir:a\\e\]0;x\\u\{7\}\\n 0$/],
])("%j", (event, says) => {
  expect(drawn(event)).toMatch(says);
});

it("redraws nothing on the terminal of a pipeline", () => {
  vi.stubEnv("CI", "true");
  expect(drawn({ done: 3, total: 4 })).toBe("");
});

it("leaves names and our own words whole where a value is a word like them, and redacts any other value", () => {
  const redactor = new Redactor();
  const password = `${randomBytes(12).toString("hex")}Z9`;
  for (const value of ["secret", "run", "put", password]) redactor.know(Secret.of(value));
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  const progress = new Progress(stream as unknown as NodeJS.WriteStream, { quiet: false, verbose: false }, redactor);
  const step = { type: "step", step: "put", unit: "compose/weak-run", state: "done", done: 1, total: 1 } as const;
  progress.show({ ...step, text: "put DB_PASSWORD into secrets/db.sops.yaml" });
  progress.show({ ...step, text: `put ${password} back` });
  expect(String(stream.read())).toBe(
    "✓ compose/weak-run: put DB_PASSWORD into secrets/db.sops.yaml\n✓ compose/weak-run: put [secret] back\n",
  );
});

it("counts many steps, with the time that the rest takes, and still names the one that failed", () => {
  vi.useFakeTimers();
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  const progress = new Progress(
    stream as unknown as NodeJS.WriteStream,
    { quiet: false, verbose: false },
    new Redactor(),
  );
  const step = { type: "step", step: "put:api/A", unit: "api", text: "put A", total: 20_000 } as const;
  // A resumed run: what was done before says nothing of the pace.
  progress.show({ ...step, state: "start", done: 10_000 });
  vi.advanceTimersByTime(20_000);
  progress.show({ ...step, state: "done", done: 12_000 });
  progress.show({ ...step, state: "failed", done: 12_000 });
  vi.useRealTimers();
  expect(String(stream.read())).toBe("moving, step 12000/20000, 80 s left\n✗ api: put A\n");
});

const STEP = { step: "recreate:web", unit: "web", done: 2, total: 4 } as const;
const STOPS = { ...STEP, type: "phase", text: "stopping web with SIGTERM", limitMs: 10_000 } as const;

/** What a step in two phases of twelve seconds each prints. */
function phases(isTTY: boolean, verbose = false): string {
  vi.useFakeTimers();
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const progress = new Progress(stream as unknown as NodeJS.WriteStream, { quiet: false, verbose }, new Redactor());
  progress.show({ ...STEP, type: "step", state: "start", text: "recreate web", limitMs: 100_000 });
  progress.show(STOPS);
  vi.advanceTimersByTime(12_000);
  progress.show({ ...STOPS, text: "starting \u001b[2Jweb", limitMs: undefined } as never);
  vi.advanceTimersByTime(12_000);
  progress.show({ ...STEP, type: "step", state: "done", text: "recreate web", done: 3 });
  progress.show(STOPS);
  vi.useRealTimers();
  return String(stream.read());
}

it("names what a step does now, for how long and for how long at most", () => {
  const screen = phases(true).split("\r\u001b[2K");
  expect(screen.slice(0, 4)).toEqual([
    "",
    "… web: recreate web (up to 100 s) 0 s  3/4",
    "… web: stopping web with SIGTERM (up to 10 s) 0 s  3/4",
    "… web: stopping web with SIGTERM (up to 10 s) 1 s  3/4",
  ]);
  expect(screen).toContain("… web: starting \\e[2Jweb 12 s  3/4");
  expect(screen.at(-1)).toContain("web: recreate web\n");
});

it("reports phases on plain lines: those that last, and each with --verbose", () => {
  expect(phases(false)).toBe(
    [
      "… web: stopping web with SIGTERM (up to 10 s), 10 s so far",
      "… web: starting \\e[2Jweb, 8 s so far",
      "✓ web: recreate web\n",
    ].join("\n"),
  );
  const lines = phases(false, true)
    .split("\n")
    .filter((line) => !line.includes("so far"))
    .map((line) => line.replace(/\S+Z/, "TIME"));
  expect(lines).toEqual([
    "… TIME web: recreate web (up to 100 s)",
    "… TIME web: stopping web with SIGTERM (up to 10 s)",
    "… TIME web: starting \\e[2Jweb",
    "✓ web: recreate web",
    "",
  ]);
});
