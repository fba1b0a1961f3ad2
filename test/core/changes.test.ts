import { describe, expect, it } from "vitest";
import type { Addition, MoveRecord, HostBaseline, Remembered } from "../../src/contract/history.ts";
import { compareScan, subjectKey, type HostScan } from "../../src/core/changes.ts";
import type { Finding, FindingState } from "../../src/model/finding.ts";
import { ANY_SUBJECT, type SubjectRef } from "../../src/model/subject-ref.ts";

const FIRST = "2026-11-01T00:00:00.000Z";
const MOVE = "2026-11-02T00:00:00.000Z";
const NOW = "2026-11-03T00:00:00.000Z";
const EMPTY: HostBaseline = { findings: new Map(), moved: [], since: new Map() };

function finding(name: string, more: Partial<Finding> & { readonly subject?: string } = {}): Finding {
  const { subject = "api", ...rest } = more;
  return {
    id: `${subject}-${name}`,
    fingerprint: `print-${name}`,
    rule: "password",
    name,
    confidence: "high",
    score: 0.9,
    severity: "high",
    why: [],
    unless: "",
    part: { in: "value", path: "", start: 0, length: 8 },
    location: {
      source: "docker:",
      subject: "container",
      subjectName: subject,
      subjectId: `id-${subject}`,
      where: "env",
      path: "Config.Env[0]",
      origin: "own",
    },
    masked: "••••",
    length: 8,
    state: "new",
    ignoredBy: null,
    liveness: null,
    exposure: [],
    ...rest,
  };
}

function scanned(findings: readonly Finding[], more: Partial<HostScan> = {}): HostScan {
  return {
    id: "scan",
    host: "host",
    at: NOW,
    durationMs: 1,
    sources: [{ source: "docker:", subjects: 1, errors: [] }],
    findings,
    subjects: new Set(),
    removed: new Set(),
    floor: "medium",
    layers: false,
    partial: false,
    moved: [],
    runs: new Set(),
    ...more,
  };
}

function past(...findings: readonly Finding[]): HostBaseline {
  const known = findings.map((one): [string, Remembered] => [one.id, row(one)]);
  return { ...EMPTY, findings: new Map(known), since: new Map([["docker:", FIRST]]) };
}

const row = (one: Finding, more: Partial<Remembered> = {}): Remembered => ({
  ...{ finding: { ...one, state: "known" }, firstSeen: FIRST, lastSeen: FIRST, goneAt: null, times: 1, layers: false },
  ...more,
});

const moved = (one: Finding, at = MOVE): MoveRecord => ({
  ...{ fingerprint: one.fingerprint, finding: one.id, name: one.name, run: "run-1", store: "vault", at },
});

const kinds = ({ changes }: Addition): string[] => changes.map(({ kind, finding: { name } }) => `${kind} ${name}`);

/** The past after this judgement, as a history keeps it. */
function after(before: HostBaseline, { findings, seen, scan, moved: more, undone }: Addition): HostBaseline {
  const rows = new Map(before.findings);
  for (const one of findings) rows.set(one.finding.id, one);
  for (const id of seen) rows.set(id, { ...(rows.get(id) as Remembered), lastSeen: scan.at });
  const since = new Map(before.since);
  for (const source of scan.sources) if (!since.has(source)) since.set(source, scan.at);
  const gone = new Set(undone.map(({ run, finding: id }) => `${run} ${id}`));
  const moves = [...before.moved, ...more].filter(({ run, finding: id }) => !gone.has(`${run} ${id}`));
  return { findings: rows, moved: moves, since };
}

const A = finding("A");
const B = finding("B");

describe("of a scan and what is known", () => {
  it("what was never there is new, and known from then on", () => {
    const first = compareScan(EMPTY, scanned([A, B]));
    expect(kinds(first.addition)).toEqual(["new A", "new B"]);
    const past1 = after(EMPTY, first.addition);
    const second = compareScan(past1, scanned([A, B], { id: "2", at: "2026-11-03T01:00:00.000Z" }));
    expect([kinds(second.addition), second.findings.map(({ state }) => state)]).toEqual([[], ["known", "known"]]);
    const third = compareScan(after(past1, second.addition), scanned([A, B], { id: "3" }));
    expect([third.addition.findings, third.addition.seen]).toEqual([[], [A.id, B.id]]);
  });

  it("what is there no more is gone, once, and back when it returns, under other ids each time", () => {
    let now = past(A);
    const ids: string[] = [];
    const step = (findings: readonly Finding[]): string[] => {
      const { addition } = compareScan(now, scanned(findings));
      now = after(now, addition);
      ids.push(...addition.changes.map(({ id }) => id));
      return kinds(addition);
    };
    expect([step([]), step([]), step([A]), step([A]), step([]), step([A])]).toEqual([
      ["gone A"],
      [],
      ["back A"],
      [],
      ["gone A"],
      ["back A"],
    ]);
    expect(new Set(ids).size).toBe(4);
    expect(ids.every((id) => /^[0-9a-f]{24}$/.test(id))).toBe(true);
  });

  it("the same scan judged again gives the same changes, by the same ids", () => {
    expect(compareScan(past(A), scanned([B])).addition).toEqual(compareScan(past(A), scanned([B])).addition);
  });

  it("ignored findings are remembered and not told, nor when they go; told again once nobody ignores them", () => {
    const ignored: Finding = { ...A, state: "ignored", ignoredBy: "unsprawl.yaml ignore[0]" };
    const first = compareScan(EMPTY, scanned([ignored]));
    expect(kinds(first.addition)).toEqual([]);
    const known = after(EMPTY, first.addition);
    expect(kinds(compareScan(known, scanned([])).addition)).toEqual([]);
    expect(kinds(compareScan(known, scanned([A])).addition)).toEqual(["back A"]);
    const put = compareScan(past(A), scanned([ignored]));
    expect([kinds(put.addition), put.findings[0]?.state]).toEqual([[], "ignored"]);
  });

  it("what a run keeps for rollback is neither told nor remembered", () => {
    const kept: Finding = { ...finding("A", { subject: "api-kept" }), state: "migrated" };
    const { addition, findings } = compareScan(past(A), scanned([A, kept]));
    expect([kinds(addition), addition.findings, findings.map(({ state }) => state)]).toEqual([
      [],
      [],
      ["known", "migrated"],
    ]);
  });
});

describe("a migrated secret", () => {
  const migrated: HostBaseline = { ...past(A), moved: [moved(A)] };

  it("that is gone is told with its run", () => {
    const { addition } = compareScan(migrated, scanned([]));
    expect(addition.changes.map(({ kind, run }) => [kind, run])).toEqual([["gone", "run-1"]]);
  });

  it("is regressed in its old place, told once, and stays so", () => {
    const first = compareScan(migrated, scanned([A]));
    expect(first.addition.changes.map(({ kind, run }) => [kind, run])).toEqual([["regressed", "run-1"]]);
    const again = compareScan({ ...after(migrated, first.addition), moved: [moved(A)] }, scanned([A], { id: "2" }));
    expect([kinds(again.addition), again.findings[0]?.state]).toEqual([[], "regressed"]);
  });

  it("is told again when it was moved again meanwhile", () => {
    const first = compareScan(migrated, scanned([A]));
    const later = "2026-11-05T00:00:00.000Z";
    const known = { ...after(migrated, first.addition), moved: [moved(A), moved(A, "2026-11-04T00:00:00.000Z")] };
    expect(kinds(compareScan(known, scanned([A], { at: later })).addition)).toEqual(["regressed A"]);
  });

  it.each<[string, Finding, HostBaseline, FindingState]>([
    ["in a new place of a source that was read before", twin("web"), migrated, "regressed"],
    ["in a new place of a source first read after the run", twin("web"), { ...migrated, since: new Map() }, "new"],
    ["in a place where it had been all the time", twin("web"), with_(migrated, twin("web")), "known"],
    ["in its old place, with no history", A, { ...EMPTY, moved: [moved(A)] }, "regressed"],
    ["under another value", { ...B, id: "api-A2" }, migrated, "new"],
  ])("%s", (_, found, known, state) => {
    expect(compareScan(known, scanned([found])).findings[0]?.state).toBe(state);
  });

  it("that its run has brought back is nothing new", () => {
    const runs = new Set(["run-1"]);
    const first = compareScan(past(A), scanned([], { moved: [moved(A)], runs }));
    expect(kinds(first.addition)).toEqual(["gone A"]);
    const known = after(past(A), first.addition);
    expect(known.moved).toEqual([moved(A)]);
    const back = compareScan(known, scanned([A], { id: "2", runs }));
    expect([kinds(back.addition), back.findings[0]?.state]).toEqual([["back A"], "new"]);
    expect(after(known, back.addition).moved).toEqual([]);
  });

  it("regressed in one place is not told again when another run moves it from another", () => {
    const first = compareScan(migrated, scanned([A]));
    const later = { ...moved(twin("web"), "2026-11-04T00:00:00.000Z"), run: "run-2" };
    const known = { ...after(migrated, first.addition), moved: [moved(A), later] };
    const again = compareScan(known, scanned([A], { at: "2026-11-05T00:00:00.000Z" }));
    expect([kinds(again.addition), again.findings[0]?.state]).toEqual([[], "regressed"]);
  });

  it("in a new place is regressed, whichever of the scans with layers and without had read the source before", () => {
    const layers: HostBaseline = { ...migrated, since: new Map([["docker: --layers", FIRST]]) };
    expect(compareScan(layers, scanned([twin("web")])).findings[0]?.state).toBe("regressed");
  });

  it("that a scan read before the run was done says nothing", () => {
    const { addition } = compareScan(past(A), scanned([A], { at: FIRST, moved: [moved(A)] }));
    expect(kinds(addition)).toEqual([]);
  });

  function twin(subject: string): Finding {
    return finding("A", { subject, id: `${subject}-A` });
  }
  function with_(known: HostBaseline, one: Finding): HostBaseline {
    return { ...known, findings: new Map([...known.findings, [one.id, row(one)]]) };
  }
});

describe("nothing is gone that was not looked at", () => {
  const about = { kind: "subject", name: "api", id: null } as const;
  const errors = [{ subject: "api", about, message: "", hint: "" }];
  it.each<[string, Partial<HostScan>, Finding]>([
    ["another source", { sources: [{ source: "env:.env", subjects: 1, errors: [] }] }, A],
    ["a subject that could not be read", { sources: [{ source: "docker:", subjects: 0, errors }] }, A],
    [
      "a source with an error of no name",
      { sources: [{ source: "docker:", subjects: 0, errors: [{ ...errors[0], about: ANY_SUBJECT } as never] }] },
      A,
    ],
    ["a higher floor", { floor: "high" }, finding("A", { confidence: "medium" })],
    ["a few subjects alone", { partial: true }, A],
  ])("%s", (_, more, one) => {
    expect(kinds(compareScan(past(one), scanned([], more)).addition)).toEqual([]);
  });

  it.each<[of: string, error: string, about: SubjectRef, more: Partial<HostScan>]>([
    ["app:1", "app:1 layer 2 of 5 (torn)", named("app:1"), { layers: true, subjects: new Set(["container\0app:1"]) }],
    ["app:1, latest", "app:1 layers", { ...named("app:1"), id: "id-app:1, latest" }, { layers: true }],
    ["h/r:1 linux/amd64", "h/r:1", { kind: "images", name: "h/r:1" }, {}],
    ["h/r:1", "h/r", { kind: "images", name: "h/r" }, {}],
    ["app:2", "id-app:2", named("id-app:2"), {}],
  ])("of %s when there was an error of %s", (subject, called, of, more) => {
    const one = finding("A", { subject });
    const source = { source: "docker:", subjects: 1 };
    const scanOf = (ref: SubjectRef): HostScan =>
      scanned([], {
        sources: [{ ...source, errors: [{ subject: called, about: ref, message: "", hint: "" }] }],
        ...more,
      });
    expect(kinds(compareScan(past(one), scanOf(of)).addition)).toEqual([]);
    // What an error is called decides nothing.
    expect(kinds(compareScan(past(one), scanOf(named("other"))).addition)).toEqual(["gone A"]);
  });

  function named(name: string): { readonly kind: "subject"; readonly name: string; readonly id: null } {
    return { kind: "subject", name, id: null };
  }

  it("a file of a layer, by a scan without layers", () => {
    const known: HostBaseline = { ...EMPTY, findings: new Map([[A.id, row(A, { layers: true })]]) };
    expect(kinds(compareScan(known, scanned([])).addition)).toEqual([]);
    expect(kinds(compareScan(known, scanned([], { layers: true })).addition)).toEqual(["gone A"]);
  });

  it.each<[string, Partial<HostScan>]>([
    ["its subject was read", { partial: true, subjects: new Set([subjectKey(A.location)]) }],
    ["its subject is no more", { partial: true, removed: new Set([A.location.subjectId]) }],
    ["all of its kind was read", {}],
    [
      "another subject could not be read",
      {
        sources: [{ source: "docker:", subjects: 1, errors: [{ ...errors[0], about: named("web") } as never] }],
      },
    ],
  ])("but is when %s", (_, more) => {
    const one = { ...A, location: { ...A.location, source: "docker:a*" } };
    expect(kinds(compareScan(past(one), scanned([], more)).addition)).toEqual(["gone A"]);
  });
});

it("what is called otherwise by now is the same: known, not told, its old name gone", () => {
  const named = (subject: string): Finding => {
    const one = finding("A", { subject });
    return { ...one, location: { ...one.location, subjectId: "sha256:1" } };
  };
  const { addition, findings } = compareScan(past(named("app:1, latest")), scanned([named("app:1")]));
  expect([kinds(addition), findings[0]?.state]).toEqual([[], "known"]);
  expect(addition.findings.map(({ finding: { id }, goneAt, firstSeen }) => [id, goneAt, firstSeen])).toEqual([
    ["app:1-A", null, FIRST],
    ["app:1, latest-A", NOW, FIRST],
  ]);
});

it("what two sources have in common is told once, in one state", () => {
  const again = { ...A, location: { ...A.location, source: "image:*" } };
  const { addition, findings } = compareScan(past(A), scanned([A, again]));
  expect([kinds(addition), findings.map(({ state }) => state)]).toEqual([[], ["known", "known"]]);
});

it("the trend counts all that is there, by another source too", () => {
  const known = past(B);
  const { scan } = compareScan(
    known,
    scanned([A], { sources: [{ source: "env:.env", subjects: 1, errors: [] }] }),
  ).addition;
  expect(scan.trend?.findings).toBe(2);
});

it("a whole scan is a point of the trend, of what counts; a partial one is none", () => {
  const ignored: Finding = { ...B, state: "ignored" };
  const { scan } = compareScan(EMPTY, scanned([A, ignored])).addition;
  expect(scan.trend).toEqual({ at: NOW, findings: 1, bySeverity: { low: 0, medium: 0, high: 1, critical: 0 } });
  expect(compareScan(EMPTY, scanned([A], { partial: true })).addition.scan.trend).toBeNull();
});
