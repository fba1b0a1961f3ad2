import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { inspected } from "../support/inspected.ts";
import { MAIN, makeWorld } from "../support/world.ts";

/** A reader that has gone, as after `| head -1`, is no failure: the program stops, or ends its work, and says nothing. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const make = kit(SEED);
const names = Array.from({ length: 500 }, (_, at) => `box-${at}`);
const fleet = inspected(Object.fromEntries(names.map((name) => [name, { env: { DB_PASSWORD: make.base64(15) } }])));
writeFileSync(join(world.dir, "fleet.json"), fleet);

type Ended = { readonly code: number | null; readonly signal: string | null; readonly stderr: string };

/** Runs the program and takes its output away after the first piece of it; or its input's and errors' at once. */
function headOf(args: readonly string[], input: (() => string | null) | null = null, errors = true): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: world.dir, env: world.env });
    let stderr = "";
    child.stdout.once("data", () => child.stdout.destroy());
    if (errors) child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    else child.stderr.destroy();
    child.stdin.on("error", () => undefined);
    const more = (): void => {
      for (let text = input?.() ?? null; ; text = input?.() ?? null) {
        if (text === null) return void child.stdin.end();
        if (!child.stdin.write(text)) return void child.stdin.once("drain", more);
      }
    };
    more();
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, stderr }));
  });
}

test.each<[args: string, code: number]>([
  ["rules --json", 0],
  ["rules", 0],
  ["scan inspect:fleet.json --format ndjson --fail-on never", 0],
  ["scan inspect:fleet.json --json --fail-on never", 0],
  // What the scan has found is as true as without a reader.
  ["scan inspect:fleet.json --format ndjson", 3],
])("%s | head", async (args, code) => {
  expect(await headOf(args.split(" "))).toEqual({ code, signal: null, stderr: "" });
});

test("classify stops reading when its reader has gone", async () => {
  const lines = `${JSON.stringify({ id: 1, name: "LOG_LEVEL", value: "info" })}\n`.repeat(1000);
  let given = 0;
  // Endless: it would never end by itself.
  expect(await headOf(["classify"], () => (given++, lines))).toEqual({ code: 0, signal: null, stderr: "" });
  expect(given).toBeGreaterThan(0);
});

test("errors that nobody reads keep their exit code", async () => {
  expect(await headOf(["scan", "inspect:nothing.json"], null, false)).toMatchObject({ code: 1, signal: null });
  expect(await headOf(["scan", "--no-such-flag"], null, false)).toMatchObject({ code: 2, signal: null });
});

test("an error that is longer than a pipe holds reaches a reader that comes late", () => {
  const script = '"$0" "$1" scan "env:$2" 2>&1 >/dev/null | { sleep 2; cat; }';
  const argv = ["-c", script, process.execPath, MAIN, "x".repeat(100_000)];
  const { stdout } = spawnSync("sh", argv, { cwd: world.dir, env: world.env, encoding: "utf8", maxBuffer: 1 << 24 });
  expect(stdout.length).toBeGreaterThan(200_000);
  expect(stdout.split("\n").at(-2)).toMatch(/^ {2}next: ls -l \/.*x{9}$/);
});

test("an end before the work is done is told as a failure", () => {
  // Nothing keeps the process that waits for its input.
  const hook = join(world.dir, "let-go.mjs");
  writeFileSync(hook, "process.stdin.on('newListener', () => setImmediate(() => process.stdin.unref?.()));\n");
  const child = spawn(process.execPath, ["--import", hook, MAIN, "scan", "inspect:-"], {
    cwd: world.dir,
    env: world.env,
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise<void>((done) =>
    child.on("close", (code, signal) => {
      expect({ code, signal }).toEqual({ code: 1, signal: null });
      expect(stderr).toContain("ended before its work was done");
      expect(stderr).toContain("next: unsprawl runs");
      done();
    }),
  );
});
