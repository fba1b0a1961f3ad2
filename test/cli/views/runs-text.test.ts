import { expect, it } from "vitest";
import { runsText, runSummaryText } from "../../../src/cli/views/runs-text.ts";
import type { Plan } from "../../../src/model/plan.ts";
import type { Receipt } from "../../../src/model/receipt.ts";

const plan = { steps: [], notMoved: [], store: { name: "local", provider: "local", settings: {} } } as unknown as Plan;
const summary = { run: "20261129-015350-80f4", createdAt: "2026-11-29T01:53:50.000Z", store: "local", engine: "" };
const receipt = (at: string, step: string, state: Receipt["state"], data: Receipt["data"] = {}): Receipt => ({
  at: `2026-11-29T${at}.000Z`,
  step,
  state,
  data,
});
const text = (state: "failed" | "rolled back", receipts: readonly Receipt[]): string =>
  runSummaryText(
    { ...summary, state, units: [], secrets: 0, ended: state === "failed" ? state : null, next: null, error: null },
    { plan, receipts },
    new Map(),
    process.stdout,
  ).join("\n");
const begun = [receipt("01:53:50", "run", "intent"), receipt("01:53:50", "unit:web", "intent")];

it("a run says which of its secrets were rotated since, and a rotation what it made", () => {
  const reference = "ref+vault://secret/apps/web#/A";
  const steps = [
    { kind: "put", unit: "web", move: { name: "A", reference } },
    { kind: "put", unit: "web", move: { name: "B", reference: "other" } },
    { kind: "rotate", unit: "web/A", checkedBy: "PostgreSQL, app at db:5432" },
  ];
  const own = { ...plan, steps } as unknown as Plan;
  const is = { ...summary, units: [], secrets: 0, ended: null, next: null, error: null } as const;
  const rotatedAt = new Map([[reference, "2026-12-01T10:00:00.000Z"]]);
  const shown = runSummaryText({ ...is, state: "done" }, { plan: own, receipts: [] }, rotatedAt, process.stdout);
  expect(shown.join("\n")).toMatch(/secrets +web: A, B\n +web\/A: new value, checked by PostgreSQL, app at db:5432/);
  expect(shown.join("\n")).toMatch(/rotated +A of web 2026-12-01\n/);
  const rotation = { ...is, state: "done", rotated: true } as const;
  expect(runsText([rotation], process.stdout)).toMatch(/20261129-015350-80f4 +rotated/);
});

it("a run takes until its own end, not until a rollback", () => {
  const done = [...begun, receipt("01:53:58", "unit:web", "done"), receipt("01:53:58", "run", "done")];
  const later = [receipt("05:00:00", "rollback", "intent"), receipt("05:00:01", "unit:web", "undone")];
  expect(text("rolled back", [...done, ...later])).toContain("took 8 s");
});

it("a failed run says why, without control characters", () => {
  const failed = [...begun, receipt("01:53:52", "unit:web", "undone")];
  const shown = text("failed", [
    ...failed,
    receipt("01:53:52", "run", "failed", { reason: "web is unhealthy\u001b[2J" }),
  ]);
  expect(shown).toMatch(/failed +web is unhealthy/);
  expect(shown).toContain("took 2 s");
  expect(shown).not.toContain("\u001b[2J");
});
