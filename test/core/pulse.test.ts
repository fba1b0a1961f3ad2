import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockAgent } from "../../src/core/journal/lock.ts";
import { servicePulses, startPulse } from "../../src/core/pulse.ts";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-pulse-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

it("a service that keeps up is alive, one that misses a minute is not, and one that ended is no longer asked for", () => {
  expect(servicePulses(state)).toEqual([]);
  const pulse = startPulse(state, "fleet-worker");
  expect(servicePulses(state)).toMatchObject([{ service: "fleet-worker", alive: true }]);
  expect(servicePulses(state, Date.now() + 59_000)).toMatchObject([{ alive: true }]);
  expect(servicePulses(state, Date.now() + 61_000)).toMatchObject([{ alive: false }]);
  pulse.stop();
  expect(readdirSync(join(state, "pulse"))).toEqual([]);
});

it("the agent has one for as long as it holds its lock, for its user's eyes only", () => {
  const lock = lockAgent(state);
  expect(servicePulses(state)).toMatchObject([{ service: "agent", alive: true }]);
  const modes = ["pulse", "pulse/agent"].map((name) => statSync(join(state, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o600]);
  lock.release();
  expect(servicePulses(state)).toEqual([]);
});

it("files of a process that is gone, and what is none, do not count", () => {
  startPulse(state, "watch").stop();
  const long = new Date(Date.now() - 3_600_000);
  for (const [name, text] of [
    ["agent", JSON.stringify({ version: 1, process: `${process.pid} 1 pid:[1]` })],
    ["fleet-serve", JSON.stringify({ version: 1, process: "../../etc 1" })],
    ["fleet-worker", JSON.stringify({ version: 1, process: 7 })],
    ["watch", "{"],
    ["other", "null"],
  ] as const) {
    writeFileSync(join(state, "pulse", name), text);
    utimesSync(join(state, "pulse", name), long, long);
  }
  expect(servicePulses(state)).toEqual([]);
});

it("a link in its place is not followed", () => {
  const other = join(state, "other");
  writeFileSync(other, "whole");
  mkdirSync(join(state, "pulse"));
  symlinkSync(other, join(state, "pulse/watch"));
  const pulse = startPulse(state, "watch");
  expect(servicePulses(state)).toMatchObject([{ service: "watch", alive: true }]);
  pulse.stop();
  expect(readFileSync(other, "utf8")).toBe("whole");
  rmSync(join(state, "pulse"), { recursive: true });
  symlinkSync(state, join(state, "pulse"));
  startPulse(state, "agent").stop();
  expect(readdirSync(state).sort()).toEqual(["other", "pulse"]);
});

it("a state folder that cannot be written ends no service", () => {
  writeFileSync(join(state, "pulse"), "");
  startPulse(state, "watch").stop();
  expect(servicePulses(state)).toEqual([]);
});

it("a pipe or a link in its place is neither waited for nor followed", () => {
  mkdirSync(join(state, "pulse"));
  execFileSync("mkfifo", [join(state, "pulse/agent")]);
  writeFileSync(join(state, "other"), "kept");
  symlinkSync(join(state, "other"), join(state, "pulse/watch"));
  expect(servicePulses(state)).toEqual([]);
  const pulses = [startPulse(state, "agent"), startPulse(state, "watch")];
  expect(servicePulses(state)).toMatchObject([{ service: "agent" }, { service: "watch" }]);
  expect(readFileSync(join(state, "other"), "utf8")).toBe("kept");
  for (const pulse of pulses) pulse.stop();
});
