import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createJournal, type Installation } from "../../src/core/journal/journal.ts";
import { mustBeUndoable } from "../../src/core/rollback.ts";
import { fingerprintKey, type Fingerprint } from "../../src/model/fingerprint.ts";
import type { Plan, Step } from "../../src/model/plan.ts";
import { planOf } from "./fixtures.ts";

// A value that was rotated since is refused where it is checked: an undo of an earlier run would bring it back.

let here: Installation;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const state = mkdtempSync(join(tmpdir(), "unsprawl-later-"));
  here = { state, key: fingerprintKey(randomBytes(32)) };
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(here.state, { recursive: true, force: true });
});

const [moved, first, second] = ["20261125-000000-0001", "20261125-000001-0002", "20261125-000002-0003"];

function run(plan: Plan, ...how: readonly ("done" | "undone" | "scrubbed")[]): void {
  const journal = createJournal(here, plan);
  const unit = `unit:${plan.steps[0]?.unit ?? ""}`;
  journal.record.intent(unit);
  journal.record.done(unit);
  if (how.includes("undone")) journal.record.undone(unit);
  if (how.includes("scrubbed")) journal.record.done("scrub");
  journal.close();
  vi.setSystemTime(Date.now() + 1000);
}

function rotationOf(id: string, reference = "ref+sops://x#/A"): Plan {
  const entries = [{ name: "A", key: { path: "web", field: "A" }, reference, fingerprint: "f" as Fingerprint }];
  const step: Step = {
    ...{ id: "rotate:web/A", kind: "rotate", unit: "web/A", name: "A", rotator: "application", target: {} },
    ...{ checkedBy: "the application", login: { kind: "owner" }, server: null, usesHostNetwork: false },
    ...{ overlap: "application", entries, consumers: [], graceMs: 0, healthTimeoutMs: 0 },
  };
  return { ...planOf(id), migration: "rotation", steps: [step] };
}

test("a run whose value was rotated since is not undone before that rotation", () => {
  run(planOf(moved));
  expect(() => mustBeUndoable(moved, here)).not.toThrow();
  run(rotationOf(first));
  run(rotationOf(second));
  for (const id of [moved, first])
    expect(() => mustBeUndoable(id, here)).toThrow(`run ${second} has rotated A since run ${id}`);
  expect(() => mustBeUndoable(second, here)).not.toThrow();
});

test("a rotation that was undone, or of another entry, is in nobody's way", () => {
  run(planOf(moved));
  run(rotationOf(first), "undone");
  run(rotationOf(second, "ref+sops://x#/B"));
  expect(() => mustBeUndoable(moved, here)).not.toThrow();
});

test("a scrubbed rotation is there for good", () => {
  run(planOf(moved));
  run(rotationOf(first), "scrubbed");
  expect(() => mustBeUndoable(moved, here)).toThrow("and was scrubbed");
});
