/** A journal says what resume, rollback, scrub and render do: one that somebody changed is not believed. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createJournal, openJournal, readJournal } from "../../src/core/journal/journal.ts";
import { movedByRuns } from "../../src/core/moved.ts";
import { listRuns } from "../../src/core/journal/runs.ts";
import { entryUses } from "../../src/core/journal/uses.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { planOf, runId } from "../core/fixtures.ts";
import { migrate, password } from "../migrations/files-world.ts";
import { installationOf } from "../support/signed.ts";
import { makeWorld } from "../support/world.ts";

const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const here = installationOf(world);
const fileOf = (id: string): string => join(here.state, "runs", `${id}.jsonl`);
const refused = expect.objectContaining({ code: "refused" }) as Error;

/** A run of some records; its lines, without newlines. */
function written(): { readonly id: string; readonly lines: readonly string[] } {
  const journal = createJournal(here, { ...planOf(runId()), keyId: here.key.id });
  journal.record.intent("unit:web");
  journal.record.intent("put:web/A", { before: "absent" });
  journal.record.done("put:web/A", { before: "absent" });
  journal.record.done("unit:web");
  journal.close();
  const { id } = journal.plan;
  return { id, lines: readFileSync(fileOf(id), "utf8").trimEnd().split("\n") };
}

describe("every record is believed only as it was written, where it was written", () => {
  let id: string;
  let lines: readonly string[];
  beforeEach(() => ({ id, lines } = written()));
  const swap = (all: readonly string[], a: number, b: number): string[] =>
    all.map((line, at) => (at === a ? all[b] : at === b ? all[a] : line) ?? "");
  const changes: readonly (readonly [what: string, change: (all: readonly string[]) => readonly string[]])[] = [
    ["one letter of a record", (all) => all.with(2, (all[2] ?? "").replace("absent", "other!"))],
    ["the plan", (all) => all.with(0, (all[0] ?? "").replace("unix:///x", "unix:///y"))],
    ["a record taken out", (all) => all.toSpliced(2, 1)],
    ["the first record taken out", (all) => all.slice(1)],
    ["a record twice", (all) => all.toSpliced(2, 0, all[2] ?? "")],
    ["two records in another order", (all) => swap(all, 2, 3)],
    ["a record added", (all) => [...all, (all.at(-1) ?? "").replace("done", "undone")]],
    ["a code taken out", (all) => all.with(1, (all[1] ?? "").replace(/,"mac":"[0-9a-f]+"/, ""))],
    ["something added to a record", (all) => all.with(1, (all[1] ?? "").replace("{", '{"x":1,'))],
    ["an empty line", (all) => all.toSpliced(1, 0, "")],
    ["no codes at all", (all) => all.map((line) => line.replace(/,"mac":"[0-9a-f]+"/, ""))],
  ];
  it.each(changes)("%s", (what, change) => {
    writeFileSync(fileOf(id), `${change(lines).join("\n")}\n`);
    const why = what === "an empty line" ? (expect.objectContaining({ code: "malformed" }) as Error) : refused;
    expect(() => readJournal(here, id)).toThrow(why);
    expect(() => openJournal(here, id)).toThrow(why);
    const listed = listRuns(here).find(({ run }) => run === id);
    expect(listed).toMatchObject({ state: "unreadable", next: null, error: expect.stringContaining(id) as string });
    // What it may have put into the store is left alone, and what it says it moved is not believed.
    expect(entryUses(here, planOf(runId()).store, { path: "web", field: "A" }, "")).not.toEqual([]);
    expect(movedByRuns(here).filter(({ run }) => run === id)).toEqual([]);
  });

  it("the journal of another run under this one's name", () => {
    const other = written();
    writeFileSync(fileOf(id), `${other.lines.join("\n")}\n`);
    expect(() => readJournal(here, id)).toThrow(refused);
  });

  it("a journal under another key, and it says so", () => {
    const elsewhere = { ...here, key: fingerprintKey(Buffer.alloc(32, 3)) };
    expect(() => readJournal(elsewhere, id)).toThrow(refused);
    expect(() => readJournal(elsewhere, id)).toThrow(/another fingerprint key/);
  });

  it("one without codes, of an earlier version: it says so", () => {
    writeFileSync(fileOf(id), lines.map((line) => `${line.replace(/,"mac":"[0-9a-f]+"/, "")}\n`).join(""));
    expect(() => readJournal(here, id)).toThrow(/earlier version/);
  });

  it("a line that a crash tore is cut off, and the chain continues", () => {
    writeFileSync(fileOf(id), `${lines.slice(0, 4).join("\n")}\n${lines[4]?.slice(0, 20)}`);
    const again = openJournal(here, id);
    again.record.done("unit:web");
    again.close();
    expect(readJournal(here, id).receipts).toHaveLength(5);
  });
});

it("a journal that is not believed and names another entry keeps none in the store", () => {
  const { id, lines } = written();
  writeFileSync(fileOf(id), `${lines.join("\n").replace("absent", "other!")}\n`);
  const others = listRuns(here).filter(({ run }) => run !== id);
  for (const { run } of others) rmSync(fileOf(run));
  const used = (path: string, field: string): boolean =>
    entryUses(here, planOf(runId()).store, { path, field }, "").length > 0;
  expect([used("web", "A"), used("web", "B"), used("we", "A"), used("db", "A")]).toEqual([true, false, false, false]);
});

it("no verb works by a changed journal, and the other runs are listed", async () => {
  const file = join(world.dir, "app.env");
  writeFileSync(file, `DB_PASSWORD=${password()}\n`);
  const { run, ran } = await migrate(world, `env:${file}`);
  expect(ran.code, ran.stderr).toBe(0);
  const moved = readFileSync(file, "utf8");
  const honest = readFileSync(fileOf(run), "utf8");
  // The file to bring back is another one.
  writeFileSync(fileOf(run), honest.replaceAll(file, "/etc/shadow"));
  for (const verb of ["rollback", "resume", "scrub", "render"]) {
    const tried = await world.unsprawl([verb, run]);
    expect([tried.code, tried.stderr]).toEqual([1, expect.stringContaining("has been changed since it was written")]);
  }
  const listed = await world.unsprawl(["runs", "--json"]);
  const { runs } = JSON.parse(listed.stdout) as { runs: { run: string; state: string }[] };
  expect([listed.code, runs.find((one) => one.run === run)?.state]).toEqual([0, "unreadable"]);
  expect(readFileSync(file, "utf8")).toBe(moved);
  writeFileSync(fileOf(run), honest);
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stderr).toBe(0);
  expect(readFileSync(file, "utf8")).toMatch(/^DB_PASSWORD=(?!ref\+)/);
});
