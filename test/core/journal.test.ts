import { randomBytes } from "node:crypto";
import fs, { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createJournal, openJournal, readJournal, runIds, type Installation } from "../../src/core/journal/journal.ts";
import { chainedLine } from "../../src/core/journal/chain.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Receipt } from "../../src/model/receipt.ts";
import { planOf, runId } from "./fixtures.ts";

const calls: string[] = [];
const real = { writeSync: fs.writeSync, fsyncSync: fs.fsyncSync };

/** Notes each call of a function of node:fs, wherever it is imported. */
function watched<Args extends unknown[], Back>(name: string, act: (...args: Args) => Back): (...args: Args) => Back {
  return (...args) => {
    const back = act(...args);
    calls.push(name);
    return back;
  };
}
beforeAll(() => {
  fs.writeSync = watched("write", real.writeSync as (...args: unknown[]) => number) as typeof fs.writeSync;
  fs.fsyncSync = watched("sync", real.fsyncSync);
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(fs, real);
  syncBuiltinESMExports();
});

let state: string;
let here: Installation;
const file = (id: string): string => join(state, "runs", `${id}.jsonl`);

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-journal-"));
  here = { state, key: fingerprintKey(randomBytes(32)) };
  calls.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(state, { recursive: true, force: true });
});

describe("a journal", () => {
  test("is one JSON line a record, 0600 in a folder 0700, its plan first", () => {
    const plan = planOf(runId());
    const journal = createJournal(here, plan);
    journal.record.intent("put:web/A", { before: "absent" });
    journal.record.done("put:web/A");
    journal.failed("run", "why\nnot");
    journal.close();
    const lines = readFileSync(file(plan.id), "utf8").split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { step: "run", state: "intent", data: { plan } },
      { step: "put:web/A", state: "intent", data: { before: "absent" } },
      { step: "put:web/A", state: "done", data: {} },
      { step: "run", state: "failed", data: { reason: "why\nnot" } },
    ]);
    expect(statSync(file(plan.id)).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, "runs")).mode & 0o777).toBe(0o700);
  });

  test("syncs once after each record, which is one write", () => {
    const journal = createJournal(here, planOf(runId()));
    expect(calls).toEqual(["sync", "write", "sync"]); // the folder, then the first record
    calls.length = 0;
    journal.record.intent("a");
    journal.record.undone("a");
    journal.failed("a", "b");
    journal.close();
    expect(calls).toEqual(["write", "sync", "write", "sync", "write", "sync"]);
  });

  test("of a plan that was applied before is not begun again", () => {
    const plan = planOf(runId());
    createJournal(here, plan).close();
    const before = readFileSync(file(plan.id), "utf8");
    expect(() => createJournal(here, plan)).toThrow(expect.objectContaining({ code: "conflict" }) as Error);
    expect(readFileSync(file(plan.id), "utf8")).toBe(before);
  });

  test("remembers the newest receipt of a step, across processes", () => {
    const plan = planOf(runId());
    const journal = createJournal(here, plan);
    journal.record.intent("a", { n: 1 });
    journal.record.done("a", { n: 2 });
    expect(journal.record.last("a")).toEqual({ n: 2 });
    expect(journal.record.last("b")).toBeNull();
    journal.close();
    const again = openJournal(here, plan.id);
    expect(again.record.last("a")).toEqual({ n: 2 });
    again.record.done("a", { n: 3 });
    again.close();
    expect(readJournal(here, plan.id).receipts.map(({ step }) => step)).toEqual(["run", "a", "a", "a"]);
    expect(again.plan).toEqual(plan);
  });
});

describe("after a crash", () => {
  test("at any byte of the last record, what was whole is read, and the next record stands on a line of its own", () => {
    const plan = planOf(runId());
    const journal = createJournal(here, plan);
    journal.record.intent("a", { text: "äß🔑" });
    journal.close();
    const whole = readFileSync(file(plan.id));
    const first = whole.indexOf("\n") + 1;
    for (let length = first; length < whole.length; length++) {
      writeFileSync(file(plan.id), whole.subarray(0, length));
      expect(readJournal(here, plan.id).receipts).toHaveLength(1);
      const again = openJournal(here, plan.id);
      again.record.done("b");
      again.close();
      expect(readJournal(here, plan.id).receipts.map(({ step }) => step)).toEqual(["run", "b"]);
    }
  });

  test("within the first record, the run is malformed: nothing was done", () => {
    const plan = planOf(runId());
    createJournal(here, plan).close();
    const whole = readFileSync(file(plan.id));
    for (const length of [0, 1, whole.length - 1]) {
      writeFileSync(file(plan.id), whole.subarray(0, length));
      expect(() => openJournal(here, plan.id)).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
    }
  });

  test("a line in the middle that is no record makes the run malformed, and is not quoted", () => {
    const plan = planOf(runId());
    createJournal(here, plan).close();
    fs.appendFileSync(file(plan.id), "not JSON at all\n{}\n");
    expect(() => readJournal(here, plan.id)).toThrow(
      expect.objectContaining({
        code: "malformed",
        message: expect.not.stringContaining("JSON at all") as string,
      }) as Error,
    );
  });
});

test.each([
  ["a state that this version does not know", { at: "now", step: "a", state: "later", data: {} }],
  ["no step", { at: "now", state: "done", data: {} }],
  ["data that is a list", { at: "now", step: "a", state: "done", data: [] }],
])("a record with %s is malformed, though this installation wrote it", (_, receipt) => {
  const plan = planOf(runId());
  createJournal(here, plan).close();
  const { mac: link } = JSON.parse(readFileSync(file(plan.id), "utf8")) as { mac: string };
  fs.appendFileSync(file(plan.id), chainedLine(receipt as Receipt, link, here.key).line);
  expect(() => readJournal(here, plan.id)).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
});

test("a plan that would not be read back begins no journal", () => {
  const { store: _store, ...plan } = planOf(runId());
  expect(() => createJournal(here, plan as Plan)).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
  expect(runIds(state)).toEqual([]);
});

test("a record that cannot be written fails, unless something is being undone", () => {
  const journal = createJournal(here, planOf(runId()));
  journal.close(); // its descriptor is gone: every write fails
  expect(() => journal.record.intent("a")).toThrow(expect.objectContaining({ code: "failed" }) as Error);
  journal.tolerant();
  journal.record.undone("a", { n: 1 });
  expect(journal.record.last("a")).toEqual({ n: 1 });
});

test("runs are listed in the order in which they began, whenever they were planned, and other files are none", () => {
  expect(runIds(state)).toEqual([]);
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = ["20261125-000001-aaaa", "20261124-235959-ffff", "20261125-000000-0000"];
  for (const [at, id] of begun.entries()) {
    vi.setSystemTime(Date.parse("2026-11-26T00:00:00Z") + at);
    createJournal(here, planOf(id)).close();
  }
  vi.useRealTimers();
  writeFileSync(join(state, "runs/notes.txt"), "");
  expect(runIds(state)).toEqual(begun);
  // Of one that cannot be read the id says when it was planned.
  writeFileSync(join(state, "runs/20261126-000001-0000.jsonl"), "");
  writeFileSync(join(state, "runs/20261120-000000-0000.jsonl"), "{}\n");
  expect(runIds(state)).toEqual(["20261120-000000-0000", ...begun, "20261126-000001-0000"]);
});

test.each(["../../etc/passwd", "a/b", "", "a b", "."])("%j is no run, and no file of that name is opened", (id) => {
  expect(() => openJournal(here, id)).toThrow(expect.objectContaining({ code: "usage" }) as Error);
  expect(() => readJournal(here, id)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/usage|absent/) as string }) as Error,
  );
});
