import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Addition, History, MoveRecord, HostBaseline, Remembered } from "../../src/contract/history.ts";
import { CHANGE_KINDS, type Change } from "../../src/model/change.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";

export type OpenedHistory = {
  readonly history: History;
  /** The same one again, as another process opens it. */
  readonly again: () => Promise<History>;
};

/** What every history promises. `open` gives an empty one. */
export function historyConformance(open: () => Promise<OpenedHistory>): void {
  describe("remember", () => {
    test("keeps findings, sources and moves as they were given, for whoever opens it next", async () => {
      const { history, again } = await open();
      expect(await history.past("web1")).toEqual({ findings: new Map(), moved: [], since: new Map() });
      const hostile = remembered({ name: "A\0B\u001b[31m'\"; drop table", layers: true, goneAt: at(3), times: 7 });
      const plain = remembered({ name: "DB_PASSWORD" });
      await add(history, "web1", { findings: [hostile, plain], moved: [moved("run-1")] });
      await add(history, "web2", { findings: [remembered({})] });
      await history.close();
      const later = await again();
      const past = await later.past("web1");
      expect(past.findings).toEqual(new Map([hostile, plain].map((one) => [one.finding.id, one])));
      expect(past.since).toEqual(new Map([["docker:", at(1)]]));
      expect((await later.past("web2")).moved).toEqual([moved("run-1")]);
      expect(await later.hosts()).toEqual(["web1", "web2"].map((host) => ({ host, last: at(1) })));
      await later.close();
    });

    test("replaces what is different, and of what is the same the time alone", async () => {
      const { history } = await open();
      const [one, two] = [remembered({}), remembered({})];
      await add(history, "web1", { findings: [one, two] });
      const changed: Remembered = { ...one, goneAt: at(2) };
      await add(history, "web1", { at: at(2), findings: [changed], seen: [two.finding.id] });
      const { findings, since } = await history.past("web1");
      expect([...findings.values()]).toEqual(expect.arrayContaining([changed, { ...two, lastSeen: at(2) }]));
      expect(since.get("docker:")).toBe(at(1));
      await history.close();
    });

    test("the same scan is remembered once, and its changes are told once", async () => {
      const { history, again } = await open();
      const [id, changes] = [randomUUID(), [change(1)]];
      expect(await add(history, "web1", { id, changes })).not.toBeNull();
      const other = await again();
      expect(await add(other, "web1", { id, changes: [change(2)] }, neverCalled)).toBeNull();
      // A change of the same id, from another scan, is the same one.
      await add(other, "web1", { changes });
      expect((await history.changes(10)).map((one) => one.id)).toEqual([change(1).id]);
      expect(await history.waiting("ops")).toEqual({ count: 1, oldest: at(1) });
      await Promise.all([history.close(), other.close()]);
    });

    test("of what a judge asks about, by finding, name or subject, the past is whole", async () => {
      const { history } = await open();
      const all = ["one", "two", "three", "four"].map((name) => {
        const { finding, ...rest } = remembered({});
        return {
          ...rest,
          finding: { ...finding, location: { ...finding.location, subjectName: name, subjectId: `id-${name}` } },
        };
      });
      await add(history, "web1", { findings: all });
      const about = { present: false, findings: [all[0]?.finding.id ?? ""], names: ["two"], subjects: ["id-three"] };
      let seen: readonly string[] = [];
      const judge = ({ findings }: HostBaseline): Addition => {
        seen = [...findings.values()].map(({ finding }) => finding.location.subjectName);
        return addition({});
      };
      await history.remember("web1", randomUUID(), [], judge, about);
      expect(seen).toEqual(expect.arrayContaining(["one", "two", "three"]));
      await history.close();
    });

    test("what a run brought back was not moved, whichever host said so", async () => {
      const { history } = await open();
      const [one, two] = [moved("run-1"), moved("run-2")];
      await add(history, "web1", { moved: [one, two] });
      await add(history, "web2", { undone: [one] });
      expect((await history.past("web1")).moved).toEqual([two]);
      await history.close();
    });

    test("nothing is kept of a scan whose judge throws", async () => {
      const { history } = await open();
      const id = randomUUID();
      const judge = (): Addition => {
        throw new UnsprawlError("failed", "no judgement");
      };
      await expect(history.remember("web1", id, ["ops"], judge)).rejects.toThrow("no judgement");
      expect(await history.hosts()).toEqual([]);
      expect(await add(history, "web1", { id })).not.toBeNull();
      await history.close();
    });

    test("scans of one host take turns, whoever does them: each sees what those before have added", async () => {
      const { history, again } = await open();
      const other = await again();
      const seen = await Promise.all(
        Array.from({ length: 12 }, async (_, turn) => {
          let before = -1;
          await (turn % 2 === 0 ? history : other).remember("web1", randomUUID(), [], ({ findings }) => {
            before = findings.size;
            return addition({ findings: [remembered({})] });
          });
          return before;
        }),
      );
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, turn) => turn));
      await Promise.all([history.close(), other.close()]);
    });
  });

  describe("the outbox", () => {
    test("gives each change to one at a time, the oldest first, on each channel", async () => {
      const { history, again } = await open();
      const other = await again();
      const all = Array.from({ length: 20 }, (_, number) => change(number));
      await add(history, "web1", { changes: all }, undefined, ["ops", "chat"]);
      const claims = await Promise.all(
        Array.from({ length: 6 }, (_, turn) => (turn % 2 === 0 ? history : other).claim("ops", 5, 60_000)),
      );
      const ids = claims.flat().map((told) => told.change.id);
      expect(ids.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      for (const claim of claims)
        expect(claim.map((told) => told.change)).toEqual(claim.map((told) => told.change).toSorted(byNumber));
      expect(await other.claim("ops", 50, 60_000)).toEqual([]);
      const chat = await other.claim("chat", 50, 60_000);
      expect(chat).toEqual(all.map((one) => ({ change: one, tries: 0 })));
      await Promise.all([history.close(), other.close()]);
    });

    test("what has been told is told; what was not is there again, with how often it was tried", async () => {
      const { history, again } = await open();
      const [one, two, three] = [change(1), change(2), change(3)];
      await add(history, "web1", { changes: [one, two, three] });
      await history.claim("ops", 50, 0);
      await history.delivered("ops", [one.id]);
      await history.delivered("chat", [two.id]);
      await history.postpone("ops", [two.id], new Date(Date.now() + 3_600_000));
      expect(await history.waiting("ops")).toEqual({ count: 2, oldest: at(2) });
      // As if it had been killed: its lease has run out.
      const other = await again();
      expect(await other.claim("ops", 50, 60_000)).toEqual([{ change: three, tries: 1 }]);
      await other.postpone("ops", [two.id], new Date(0));
      expect(await other.claim("ops", 50, 60_000)).toEqual([{ change: two, tries: 1 }]);
      await other.delivered("ops", [two.id, three.id]);
      expect(await other.waiting("ops")).toEqual({ count: 0, oldest: null });
      await Promise.all([history.close(), other.close()]);
    });
  });

  describe("what people ask", () => {
    test("the newest changes, newest first", async () => {
      const { history } = await open();
      await add(history, "web1", { changes: [change(1), change(2)] });
      await add(history, "web2", { changes: [change(3)] });
      expect(await history.changes(2)).toEqual([change(3), change(2)]);
      await history.close();
    });

    test("the trend of one host, and of all as they stood at each time", async () => {
      const { history } = await open();
      const scans = [
        ["web1", 5],
        ["web2", 2],
        ["web1", null],
        ["web1", 3],
        ["web2", 0],
      ] as const;
      for (const [turn, [host, findings]] of scans.entries())
        await add(history, host, { at: at(turn), counted: findings });
      expect((await history.trend("web1", 10)).map(({ findings }) => findings)).toEqual([5, 3]);
      expect((await history.trend("web1", 1)).map((one) => one.at)).toEqual([at(3)]);
      expect((await history.trend(null, 10)).map(({ findings }) => findings)).toEqual([5, 7, 5, 3]);
      const [first, last] = await history.trend(null, 2);
      expect([first?.findings, last?.findings]).toEqual([5, 3]);
      expect(last?.bySeverity).toEqual({ low: 0, medium: 0, high: 3, critical: 0 });
      await history.close();
    });
  });
}

const at = (day: number): string => `2026-01-${String(day + 10)}T00:00:00.000Z`;
const hex = (length: number): string => randomBytes(length / 2).toString("hex");
const byNumber = (a: Change, b: Change): number => (a.at < b.at ? -1 : 1);

const neverCalled = (): Addition => {
  throw new Error("a scan that is remembered is judged again");
};

type Given = Partial<Pick<Addition, "findings" | "seen" | "changes" | "moved" | "undone">> & {
  readonly id?: string;
  readonly at?: string;
  /** Of the trend; null for a scan of a few subjects. */
  readonly counted?: number | null;
};

function add(
  history: History,
  host: string,
  given: Given,
  judge: (past: HostBaseline) => Addition = () => addition(given),
  channels: readonly string[] = ["ops"],
): Promise<Addition | null> {
  const id = given.id ?? randomUUID();
  return history.remember(host, id, channels, (past) => {
    const made = judge(past);
    return { ...made, scan: { ...made.scan, id } };
  });
}

function addition({
  id = "",
  findings = [],
  seen = [],
  changes = [],
  moved: moves = [],
  undone = [],
  ...rest
}: Given): Addition {
  const count = rest.counted === undefined ? 0 : rest.counted;
  const when = rest.at ?? at(1);
  const bySeverity = { low: 0, medium: 0, high: count ?? 0, critical: 0 };
  return {
    ...{ findings, seen, changes, moved: moves, undone },
    scan: {
      ...{ id: id === "" ? randomUUID() : id, at: when, durationMs: 2, sources: ["docker:"], subjects: 1, errors: 0 },
      trend: count === null ? null : { at: when, findings: count, bySeverity },
    },
  };
}

function remembered({
  name = "API_TOKEN",
  ...rest
}: Partial<Omit<Remembered, "finding">> & { readonly name?: string }): Remembered {
  return { finding: finding(name), firstSeen: at(1), lastSeen: at(1), goneAt: null, times: 1, layers: false, ...rest };
}

function finding(name: string): Finding {
  const location = { subject: "container", subjectName: "äpp", subjectId: hex(64), where: "env" } as const;
  return {
    ...{ id: hex(12), fingerprint: hex(32), rule: "generic", name, confidence: "high", score: 0.9, severity: "high" },
    ...{
      why: ["name says so"],
      unless: "it were none",
      part: { in: "value", path: "", start: 0, length: 8 },
      masked: "••••••••",
    },
    location: { source: "docker:", ...location, path: "Config.Env[1]", origin: "own" },
    ...{ length: 8, state: "new", ignoredBy: null, liveness: null, exposure: ["root"] },
  };
}

function moved(run: string): MoveRecord {
  return { fingerprint: "f".repeat(32), finding: "a".repeat(12), name: "DB_PASSWORD", run, store: "vault", at: at(1) };
}

const fixed = finding("DB_PASSWORD");

/** The change of a number: the same each time. */
function change(number: number): Change {
  const kind = CHANGE_KINDS[number % CHANGE_KINDS.length] ?? "new";
  const id = number.toString(16).padStart(24, "0");
  return { id, kind, at: at(number), host: "web1", finding: fixed, run: null, since: at(0) };
}
