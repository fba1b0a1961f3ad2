import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createJournal, type Installation, type Journal } from "../../src/core/journal/journal.ts";
import { lockEngine } from "../../src/core/journal/lock.ts";
import { doctor, runChecks, verdict } from "../../src/core/doctor.ts";
import { listRuns, runStateText, type RunSummary } from "../../src/core/journal/runs.ts";
import { loadFingerprintKey, stateDir } from "../../src/core/journal/state.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { planOf, runId } from "./fixtures.ts";

let state: string;
let here: Installation;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-runs-"));
  here = { state, key: fingerprintKey(randomBytes(32)) };
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

function after(units: readonly string[], write: (journal: Journal) => void): RunSummary | undefined {
  const journal = createJournal(here, planOf(runId(), units));
  write(journal);
  journal.close();
  return listRuns(here)[0];
}

const begun = ({ record }: Journal, unit: string): void => record.intent(`unit:${unit}`);
const done = (journal: Journal, unit: string): void => {
  begun(journal, unit);
  journal.record.done(`unit:${unit}`);
};

test.each([
  ["cancelled, 1 of 2 moved", "interrupted"],
  ["failed, 1 of 2 moved", undefined],
] as const)("a run of which some is moved is %s", (text, code) => {
  const run = after(["a", "b"], (journal) => {
    done(journal, "a");
    begun(journal, "b");
    journal.record.undone("unit:b");
    journal.failed("run", "x", code);
  });
  expect(run?.state).toBe("done");
  expect(run && runStateText(run)).toBe(text);
});

describe("a run is", () => {
  test.each<[state: RunSummary["state"], next: string | null, what: string, write: (journal: Journal) => void]>([
    ["unfinished", "resume", "its plan is written and nothing else", () => undefined],
    ["unfinished", "resume", "a subject was begun", (journal) => begun(journal, "a")],
    [
      "unfinished",
      "resume",
      "a subject failed and was not put back",
      (journal) => (begun(journal, "a"), journal.failed("unit:a", "x")),
    ],
    ["unfinished", "resume", "one of two subjects is done", (journal) => done(journal, "a")],
    ["done", "scrub", "both are", (journal) => (done(journal, "a"), done(journal, "b"), journal.record.done("run"))],
    [
      "done",
      "scrub",
      "one is, the other was put back",
      (journal) => (
        done(journal, "a"),
        begun(journal, "b"),
        journal.record.undone("unit:b"),
        journal.failed("run", "x")
      ),
    ],
    [
      "failed",
      null,
      "all were put back after a failure",
      (journal) => (begun(journal, "a"), journal.record.undone("unit:a"), journal.failed("run", "x")),
    ],
    [
      "cancelled",
      null,
      "all were put back after a cancellation",
      (journal) => (
        begun(journal, "a"),
        journal.record.undone("unit:a"),
        journal.failed("run", "cancelled", "interrupted")
      ),
    ],
    [
      "done",
      "scrub",
      "it was cancelled after one of two",
      (journal) => (done(journal, "a"), journal.failed("run", "cancelled", "interrupted")),
    ],
    [
      "unfinished",
      "resume",
      "a rollback was begun",
      (journal) => (
        done(journal, "a"),
        done(journal, "b"),
        journal.record.done("run"),
        journal.record.intent("rollback")
      ),
    ],
    [
      "rolled back",
      null,
      "a rollback was done",
      (journal) => (
        done(journal, "a"),
        journal.record.done("run"),
        journal.record.intent("rollback"),
        journal.record.undone("unit:a"),
        journal.record.done("rollback")
      ),
    ],
    [
      "scrubbed",
      null,
      "it was scrubbed",
      (journal) => (
        done(journal, "a"),
        journal.record.done("run"),
        journal.record.intent("scrub"),
        journal.record.done("scrub:a"),
        journal.record.done("scrub")
      ),
    ],
  ])("%s (next: %s) when %s", (is, next, _what, write) => {
    const run = after(["a", "b"], write);
    expect(run?.state).toBe(is);
    expect(run?.next).toBe(next === null ? null : `unsprawl ${next} ${run?.run ?? ""}`);
  });

  test("running while its process holds the engine's lock", () => {
    const plan = planOf(runId());
    createJournal(here, plan).close();
    const lock = lockEngine(state, plan.engine.id, `run ${plan.id}`, false);
    expect(listRuns(here)[0]).toMatchObject({ state: "running", next: null });
    lock.release();
    expect(listRuns(here)[0]).toMatchObject({ state: "unfinished" });
  });

  test("unreadable when its journal is, and the others are listed", () => {
    createJournal(here, planOf("20261125-000000-0001")).close();
    writeFileSync(join(state, "runs/20261125-000000-0000.jsonl"), "torn");
    expect(listRuns(here).map((run) => run.state)).toEqual(["unreadable", "unfinished"]);
  });
});

describe("doctor", () => {
  test("tells of unfinished runs, and of old containers that finished ones keep", () => {
    expect(runChecks(here)).toMatchObject([{ state: "ok" }]);
    after(["a"], (journal) => begun(journal, "a"));
    expect(runChecks(here)).toMatchObject([
      { state: "fail", hint: expect.stringContaining("unsprawl resume") as string },
    ]);
  });

  test("tells of old containers that are gone, and of those that cannot be looked at", () => {
    after(["a"], (journal) => (done(journal, "a"), journal.record.done("run")));
    const states = [true, false, null].map((kept) => runChecks(here, () => kept).map(({ state }) => state));
    expect(states).toEqual([["ok"], ["warn"], ["unknown"]]);
  });

  test("describes a problem that several parts run into once, and counts", async () => {
    const fails = async (): Promise<string> => Promise.reject(new UnsprawlError("unreachable", "gone", "start it"));
    const checks = await doctor([
      { name: "engine", look: fails },
      { name: "runtime", look: fails },
      { name: "b", look: async () => "fine" },
    ]);
    expect(checks.map(({ state, text }) => `${state} ${text}`)).toEqual([
      "fail gone",
      "unknown not checked, because of engine",
      "ok fine",
    ]);
    expect([verdict(checks), verdict(checks.slice(2))]).toEqual([
      "1 problem, 1 not checked",
      "1 check, no problem found",
    ]);
  });

  test("goes on after a part that fails", async () => {
    const checks = await doctor([
      { name: "a", look: async () => Promise.reject(new UnsprawlError("unreachable", "gone", "start it")) },
      { name: "b", look: async () => "fine" },
    ]);
    expect(checks).toEqual([
      { name: "a", state: "fail", text: "gone", hint: "start it" },
      { name: "b", state: "ok", text: "fine", hint: null },
    ]);
  });
});

describe("the state folder", () => {
  test("is XDG_STATE_HOME's, for its owner alone; a relative XDG_STATE_HOME is ignored", () => {
    const dir = stateDir({ XDG_STATE_HOME: state });
    expect(dir).toBe(join(state, "unsprawl"));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test("has one fingerprint key, made once, for its owner alone", () => {
    const env = { XDG_STATE_HOME: state };
    const key = loadFingerprintKey(env);
    expect(loadFingerprintKey(env)).toEqual(key);
    expect(key.secret.export()).toHaveLength(32);
    const [file = "", ...more] = readdirSync(join(state, "unsprawl"));
    // Sealed where the host can do it.
    expect([file, more]).toEqual([expect.stringMatching(/^fingerprint\.(?:key|cred)$/), ["lock"]]);
    expect(statSync(join(state, "unsprawl", file)).mode & 0o777).toBe(0o600);
  });

  test("takes a fleet's key from its file, and refuses one that is too short or missing", () => {
    const file = join(state, "fleet.key");
    const env = { XDG_STATE_HOME: state, UNSPRAWL_FINGERPRINT_KEY_FILE: file };
    expect(() => loadFingerprintKey(env)).toThrow(expect.objectContaining({ code: "config" }) as Error);
    writeFileSync(file, "short");
    expect(() => loadFingerprintKey(env)).toThrow(expect.objectContaining({ code: "config" }) as Error);
    writeFileSync(file, Buffer.alloc(48, 7));
    expect(loadFingerprintKey(env).secret.export()).toHaveLength(48);
  });
});
