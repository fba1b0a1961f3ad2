import { expect, it } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { longestRestarts } from "../../src/core/plan-text.ts";
import type { RunState, TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import { SHOP } from "./shop.ts";
import { sit } from "./sitting.ts";

const SIZES = [
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
const plan = (SHOP["plan"] as TuiState).planned?.plan as Plan;
const run = (SHOP["run"] as TuiState).run as RunState;

it.each(SIZES)(
  "says what restarts, in which order and for how long, and hides each line and the commands until asked: %i×%i",
  (columns, rows) => {
    const { type, screen, session } = sit(SHOP["plan"] as TuiState);
    expect(screen(columns, rows)).toContain("2 containers restart, one after another in this order.");
    expect(screen(columns, rows)).toContain("api, then worker; at most 4 min in all");
    expect(screen(columns, 200)).toContain("8080/tcp");
    expect(screen(columns, 200)).toMatch(/what +delivery +down +secrets/);
    expect(screen(columns, 200)).not.toContain("- variable");
    type("d");
    expect(screen(columns, 200)).toContain("- variable");
    type("d");
    expect(screen(columns, 200)).not.toContain("docker run");
    type("h");
    expect(screen(columns, 200)).toContain("docker run -d --name api");
    type("h");
    expect(session.store.get().planned?.byHand).toBe(false);
  },
);

it("names no length where one restart has none, and none where nothing restarts", () => {
  expect(longestRestarts(plan)).toBe("4 min");
  const open = plan.steps.map((step) =>
    step.kind === "recreate" && step.unit === "api" ? { ...step, outage: undefined } : step,
  );
  expect(longestRestarts({ ...plan, steps: open as Plan["steps"] })).toBeNull();
  const still = plan.steps.map((step) =>
    step.kind === "recreate" && step.outage ? { ...step, outage: { ...step.outage, isRunning: false } } : step,
  );
  expect(longestRestarts({ ...plan, steps: still })).toBeNull();
});

it.each(SIZES)(
  "shows a run as one line a container, with phase, time and limit; enter shows the steps: %i×%i",
  (columns, rows) => {
    const { type, screen } = sit(SHOP["run"] as TuiState);
    expect(screen(columns, rows)).toMatch(/▸ working {2}api +stopping and replacing {2}3 s of up to 10/);
    expect(screen(columns, rows)).toMatch(/· waiting {2}worker/);
    expect(screen(columns, rows)).toMatch(/^ ctrl-c cancel/m);
    type("enter");
    expect(screen(columns, rows)).toContain("read DATABASE_URL back and compare");
    type("enter");
    expect(screen(columns, rows)).not.toContain("read DATABASE_URL back");
  },
);

it("tells a container that is done, failed or put back from one that works", () => {
  const lineOf = (change: Partial<RunState>): string => {
    const state = { ...(SHOP["run"] as TuiState), run: { ...run, ...change } };
    return drawn(state, { columns: 120, rows: 20 }).find((row) => row.includes(" api")) ?? "";
  };
  const states = (state: "done" | "failed"): RunState["steps"] => run.steps.map((step) => ({ ...step, state }));
  const timing = new Map([["api", { started: 0, step: 1000, ended: 12_000 }]]);
  expect(lineOf({ steps: states("done"), timing })).toMatch(/✓ done +api +12 s$/);
  expect(lineOf({ steps: states("failed"), timing })).toMatch(/✗ failed +api +12 s$/);
  const undo = { id: "undo:api", unit: "api", text: "put api back as it was" } as const;
  const open = new Map([["api", { started: 0, step: 2000, ended: null }]]);
  expect(lineOf({ steps: [...states("failed"), { ...undo, state: "start" }], timing: open })).toMatch(
    /▸ working +api +putting it back {2}2 s/,
  );
  expect(lineOf({ steps: [...states("failed"), { ...undo, state: "undone" }], timing })).toMatch(
    /↶ undone +api +12 s$/,
  );
});

it.each(SIZES)("proves what was verified, says how to rotate it, and what comes next: %i×%i", (columns) => {
  const text = drawn(SHOP["proof"] as TuiState, { columns, rows: 80 })
    .join("\n")
    .replace(/\s+/g, " ");
  expect(text).toContain("Rotate these secrets: they were readable until now.");
  expect(text).toContain("STRIPE_SECRET_KEY: Roll the key in Stripe's dashboard");
  expect(text).toContain("https://dashboard.stripe.com/apikeys");
  expect(text).toContain("next: N plans new values for what can be rotated from here; put others into the store only");
});
