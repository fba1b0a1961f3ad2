import { expect, it } from "vitest";
import { createJournal, type Journal } from "../../src/core/journal/journal.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Plan, Step } from "../../src/model/plan.ts";
import { shownError } from "../../src/tui/shown-error.ts";
import { startApply } from "../../src/tui/verbs/run.ts";
import { planOf, runId } from "../core/fixtures.ts";
import { scanned } from "./sample.ts";
import { sit, type Sitting } from "./sitting.ts";

/** A plan under which each of these containers is proven, so restarts. */
function restarting(names: readonly string[]): Plan {
  const plan = planOf(runId(), names);
  const checks = names.map((unit): Step => ({
    id: `check:${unit}`,
    kind: "check",
    unit,
    delivery: "file",
    moves: [],
    graceMs: 1,
    healthTimeoutMs: 1,
    tolerated: [],
  }));
  return { ...plan, steps: [...plan.steps, ...checks] };
}

function ran(sitting: Sitting, plan: Plan, write: (journal: Journal) => void): void {
  const journal = createJournal(sitting.session.assembly.installation(), plan);
  write(journal);
  journal.close();
}

const finished = ({ record, plan }: Journal): void => {
  record.intent("run");
  for (const { unit, id } of plan.steps) {
    record.intent(`unit:${unit}`);
    record.done(id, { version: "7" });
    record.done(`unit:${unit}`);
  }
  record.done("run", { state: "done" });
};

it("opens a run of the list: its steps, its receipts, and the way back to it", async () => {
  const sitting = sit(scanned([]));
  ran(sitting, planOf("20260101-000000-aaaa"), finished);
  ran(sitting, planOf("20260102-000000-bbbb"), finished);
  sitting.type("L", "j", "enter");
  await expect.poll(() => sitting.screen()).toContain("Run 20260101-000000-aaaa  done  → here");
  expect(sitting.screen()).toContain("✓ done     put A into web");
  expect(sitting.screen()).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d done {3}put:web\/A {2}version 7/);
  sitting.type("esc");
  expect(sitting.screen()).toMatch(/▸ ✓ done +20260101-000000-aaaa/);
});

it("goes on only with what was cut off, and scrubs only what is done", async () => {
  const sitting = sit(scanned([]));
  ran(sitting, planOf("20260101-000000-aaaa"), finished);
  ran(sitting, planOf("20260102-000000-bbbb"), ({ record }) => record.intent("unit:web"));
  sitting.type("L", "S");
  await expect.poll(() => sitting.screen()).toContain("is unfinished: R resumes it, u undoes it");
  sitting.type("R");
  await expect.poll(() => sitting.screen()).toContain("? Resume run 20260102-000000-bbbb where it was interrupted?");
  sitting.type("n", "j", "R");
  await expect.poll(() => sitting.screen()).toContain("nothing to resume: this run is done");
  sitting.type("S");
  await expect.poll(() => sitting.screen()).toContain("? Scrub run 20260101-000000-aaaa");
  expect(sitting.screen()).toContain("purge what it keeps of 1 container, no undo then?");
  sitting.type("enter", "n");
  expect(sitting.screen()).toContain("S scrub");
});

it("takes a typed name, and says why, where many containers restart", async () => {
  const sitting = sit(scanned([]));
  ran(sitting, { ...restarting(["a", "b", "c", "d"]), id: "20260101-000000-cafe" }, finished);
  sitting.type("L", "u");
  await expect.poll(() => sitting.screen()).toContain("Type cafe:");
  expect(sitting.screen()).toContain("4 containers restart: with more than 3 the name is typed, not y");
  sitting.type("y", "enter");
  expect(sitting.screen()).toContain("✗ this is not cafe; esc goes back, nothing is done");
  sitting.type("esc");
  expect(sitting.screen()).toContain("Runs");
});

it.each([
  [3, false],
  [4, true],
])("applies a plan that restarts %i containers by a typed name: %s", async (many, typed) => {
  const plan = restarting(["a", "b", "c", "d"].slice(0, many));
  const sitting = sit({ ...scanned([]), where: "plan", planned: { plan, provider: null as never, scroll: 0 } });
  expect(sitting.screen().includes("y asks you to type here first")).toBe(typed);
  void startApply(sitting.session);
  expect(sitting.screen().includes("Apply this plan? Type here:")).toBe(typed);
  if (typed) sitting.type("esc");
  else await sitting.session.jobs.get("run")?.done;
  expect(sitting.session.store.get().where).toBe(typed ? "plan" : "proof");
});

it("shows how a failed run was put back, what the container said last, and what to type", () => {
  const sitting = sit(scanned([]));
  const error = new UnsprawlError(
    "unhealthy",
    "api did not stay up (exit 1); its last words: first line\nfatal: no database\n",
    "docker run its image by hand to see why",
  );
  const units = [{ unit: "api", state: "undone", error: error.message }] as const;
  const rest = { inspected: true, cleaned: false, proofs: [], error } as const;
  const run = { version: 1, run: "r-1", state: "failed", units, ...rest } as const;
  const result = { kind: "apply", run: "r-1", result: run, told: [], scroll: 0 } as const;
  sitting.session.store.set(() => ({
    where: "proof",
    result: { ...result, error: shownError(error, sitting.session.assembly.redactor) },
  }));
  const rows = sitting.screen().split("\n");
  expect(rows[1]).toContain("Failed");
  expect(rows).toContain(" ✗ api did not stay up (exit 1)");
  expect(rows).toContain("   log:   first line");
  expect(rows).toContain("          fatal: no database");
  expect(rows).toContain("   next: docker run its image by hand to see why");
  expect(rows.join("\n")).toContain("↶ as before  api\n     its configuration is as before;");
  expect(rows.join("\n")).toContain("r scans again, m plans what is still marked");
});
