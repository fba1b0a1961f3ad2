import { expect, it } from "vitest";
import { createJournal, type Journal } from "../../src/core/journal/journal.ts";
import type { RunSummary } from "../../src/core/journal/runs.ts";
import type { RotateStep } from "../../src/model/plan.ts";
import { historyOf } from "../../src/tui/history.ts";
import { meantByScreen } from "../../src/tui/rotatable.ts";
import { NO_OVERVIEW } from "../../src/tui/overview.ts";
import type { MovedSecret } from "../../src/core/rotation.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { startApply } from "../../src/tui/verbs/run.ts";
import { planOf } from "../core/fixtures.ts";
import { finding, rotateStep, scanned } from "./sample.ts";
import { SHOP } from "./shop.ts";
import { sit } from "./sitting.ts";

const SIZES = [
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
const rotation = SHOP["rotation"] as TuiState;
const NOW = Date.parse("2026-03-01T12:00:00Z");

const moved = (name: string, days: number, more: Partial<MovedSecret> = {}): MovedSecret => ({
  ...{ run: "r", name, subject: "api", rule: null, store: "prod", key: name, reference: `ref+${name}`, why: null },
  ...{ movedAt: new Date(NOW - days * 86_400_000).toISOString(), rotation: "same", rotatedAt: null, everyDays: null },
  ...more,
});

function ageOf(...all: readonly MovedSecret[]): readonly string[] | null {
  const overview = { ...NO_OVERVIEW, tab: "age", data: { age: { moved: all, advice: {} } } } as const;
  const meant = meantByScreen({ ...scanned([]), where: "overview", now: NOW, overview });
  return meant === null ? null : [...(meant.references ?? [])];
}

it.each(SIZES)(
  "shows what a rotation does to each secret, and what it leaves out with its reason: %i×%i",
  (columns) => {
    const text = sit(rotation).screen(columns, 60).replace(/\s+/g, " ");
    expect(text).toContain("Rotate 1 secret in prod ! 1 not rotated");
    expect(text).toContain("Make 1 new value? 2 containers restart.");
    expect(text).toContain("checked by PostgreSQL, shop at db:5432; changed by postgres, of the container db");
    expect(text).toContain("restarts api, then worker");
    expect(text).toContain("Not rotated api STRIPE_SECRET_KEY: nothing here knows where it is checked");
  },
);

it("does nothing there that belongs to the plan of a migration, and goes back to where it came from", () => {
  const { type, screen, session } = sit({ ...rotation, result: (SHOP["proof"] as TuiState).result });
  const before = screen();
  type("c", "e", "h", "d");
  expect(screen()).toBe(before);
  type("esc");
  expect(session.store.get()).toMatchObject({ where: "proof", planned: null, rotating: null });
});

it("takes a typed name where more than three containers restart, and applies no plan without a step", () => {
  const consumers = ["a", "b", "c", "d"].map((container) => ({ container, references: [], isRunning: true }));
  const steps = [rotateStep("api", "DB_PASSWORD", { consumers })];
  const planned = rotation.planned as NonNullable<TuiState["planned"]>;
  const many = sit({ ...rotation, planned: { ...planned, plan: { ...planned.plan, steps } } });
  expect(many.screen()).toContain("y asks you to type prod first");
  void startApply(many.session);
  expect(many.screen()).toContain("Apply this plan? Type prod:");
  const none = sit({ ...rotation, planned: { ...planned, plan: { ...planned.plan, steps: [] } } });
  none.type("y");
  expect(none.screen()).toContain("nothing here can be rotated");
  expect(none.screen()).toContain("nothing can be rotated by this plan: esc back");
  expect(none.session.store.get().where).toBe("plan");
});

const summaryOf = (run: string, createdAt: string, unit: string, state: "done" | "undone"): RunSummary => ({
  ...{ run, createdAt, store: "here", engine: "", state: "done", ended: null, secrets: 1, next: null, error: null },
  units: [{ unit, state, secrets: 1 }],
});

it("means what is overdue in the ages, else what is not rotated yet, of one store; and nothing in the other tabs", () => {
  const late = moved("LATE", 12);
  const due = moved("DUE", 40, { rotation: "rotated", rotatedAt: new Date(NOW - 31 * 86_400_000).toISOString() });
  expect(ageOf(moved("FRESH", 0), late, { ...due, everyDays: 30 })).toEqual(["ref+LATE", "ref+DUE"]);
  expect(ageOf(moved("FRESH", 0), moved("OTHER", 0, { store: "other" }), due)).toEqual(["ref+FRESH"]);
  expect(ageOf(due, moved("LOST", 40, { rotation: "gone" }))).toBeNull();
  const changes = { ...(SHOP["overview"] as TuiState), overview: { ...NO_OVERVIEW, tab: "changes" } } as const;
  expect(meantByScreen(changes)).toBeNull();
});

it("shows in the list and the evidence when a secret was rotated, or else moved, or else first seen", () => {
  const plan = planOf("20260101-000000-aaaa", ["web"]);
  const found = scanned([finding("A", { fingerprint: "a" }, "web"), finding("B", { fingerprint: "b" }, "api")]);
  const { groups } = found.scan;
  const scan = { ...found.scan, groups: groups.map((one) => ({ ...one, firstSeen: "2025-12-24T00:00:00Z" })) };
  const summary = summaryOf(plan.id, "2026-01-01T12:00:00Z", "web", "done");
  const step = plan.steps.find((one) => one.kind === "put");
  const entries = [{ ...rotateStep("web", "A").entries[0], reference: step?.move.reference }];
  const rotated = (state: "done" | "undone"): Parameters<typeof historyOf>[0][number] => ({
    summary: summaryOf("20260202-000000-bbbb", "2026-02-02T12:00:00Z", "web/A", state),
    plan: { ...plan, steps: [rotateStep("web", "A", { entries: entries as RotateStep["entries"] })] },
  });
  const shown = (...runs: Parameters<typeof historyOf>[0]): string =>
    sit({ ...found, scan, history: historyOf(runs) }).screen(200, 30);
  expect(shown({ summary, plan })).toMatch(/ A .*moved 2026-01-01/);
  expect(shown({ summary, plan })).toMatch(/ B .*since 2025-12-24/);
  expect(shown({ summary, plan })).toContain("age     moved 2026-01-01, by run 20260101-000000-aaaa");
  expect(shown({ summary, plan }, rotated("done"))).toMatch(/ A .*rotated 2026-02-02/);
  expect(shown({ summary, plan }, rotated("done"))).toContain(
    "age     rotated 2026-02-02, by run 20260202-000000-bbbb",
  );
  expect(shown({ summary, plan }, rotated("undone"))).toMatch(/ A .*moved 2026-01-01/);
});

it("means the selected secret of the list, once a run has moved it and has not taken it back", () => {
  const plan = planOf("20260101-000000-aaaa", ["web"]);
  const found = scanned([finding("A", { fingerprint: "other" }, "web")]);
  const known = (state: "done" | "undone"): TuiState => ({
    ...found,
    history: historyOf([{ summary: summaryOf(plan.id, "", "web", state), plan }]),
  });
  const step = plan.steps.find((one) => one.kind === "put");
  expect(meantByScreen(found)).toBeNull();
  expect(meantByScreen(known("undone"))).toBeNull();
  expect([...(meantByScreen(known("done"))?.references ?? [])]).toEqual([step?.move.reference]);
});

it("says what keeps a run from being rotated, where it was asked for; and that a secret was not moved", async () => {
  const { type, screen, session } = sit(scanned([finding("A")]), { DOCKER_HOST: "unix:///nothing/here.sock" });
  type("N");
  expect(screen()).toContain("nothing to rotate here: no run has moved it");
  const write = ({ record, plan }: Journal): void => {
    for (const { unit, id } of plan.steps) {
      record.intent(`unit:${unit}`);
      record.done(id);
      record.done(`unit:${unit}`);
    }
    record.done("run", { state: "done" });
  };
  const journal = createJournal(session.assembly.installation(), planOf("20260101-000000-aaaa"));
  write(journal);
  journal.close();
  type("L", "N");
  await session.jobs.get("plan")?.done;
  expect(session.store.get()).toMatchObject({ where: "runs", rotating: null, status: { tone: "bad" } });
});

it("is not planned for hosts that are only scanned", () => {
  const { type, screen } = sit({ ...(SHOP["proof"] as TuiState), target: { sources: ["docker:"], hosts: [] } });
  type("N");
  expect(screen()).toContain("hosts are only scanned here: set DOCKER_HOST to one of them");
});
