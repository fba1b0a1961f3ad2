import { expect, it } from "vitest";
import type { RunSummary } from "../../src/core/journal/runs.ts";
import { START, type TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import { everyScreen, finding, scanned } from "./sample.ts";
import { SHOP } from "./shop.ts";

const footerOf = (state: TuiState): string => drawn(state, { columns: 240, rows: 30 }).at(-1) ?? "";
const screen = (where: TuiState["where"]): TuiState =>
  everyScreen("web", 3).find((state) => state.where === where && state.help === null) as TuiState;
const found = scanned([finding("DB_PASSWORD")]);
const plan = SHOP["plan"] as TuiState;
const proof = SHOP["proof"] as TuiState;
const stores = screen("stores");
const runs = screen("runs");
const [run] = runs.runs.list;
const runOf = (state: "done" | "unfinished" | "scrubbed", more: Partial<RunSummary> = {}): TuiState =>
  ({ ...runs, runs: { at: 0, list: [{ ...run, state, ...more }] } }) as TuiState;
const NOT_MOVING = ["d diff", "h by hand", "c change", "e edit", "N rotate"];
const failed = { ...START.scan, status: "failed", error: { text: "no engine", hint: null } } as const;

it.each([
  ["a list", found, ["space mark", "m migrate", "i ignore", "x reveal", "r scan again"], []],
  ["a list, read-only", { ...found, readOnly: true }, ["space mark", "d diff"], ["m migrate", "i ignore", "x reveal"]],
  ["a failed scan", { ...START, scan: failed }, ["r scan again", "L runs"], ["mark", "migrate", "open", "filter"]],
  ["a store to choose", { ...stores, stores: { ...stores.stores, busy: null } }, ["enter choose", "c change"], []],
  [
    "a store whose plan is made",
    { ...stores, stores: { ...stores.stores, busy: "planning web 0/1" } },
    ["esc back"],
    ["enter choose", "c change"],
  ],
  ["a plan", plan, ["y apply", "o save plan", "c change"], []],
  ["a plan, read-only", { ...plan, readOnly: true }, ["o save plan"], ["y apply"]],
  [
    "a plan without steps",
    { ...plan, planned: plan.planned && { ...plan.planned, plan: { ...plan.planned.plan, steps: [] } } },
    ["c change", "esc back"],
    ["y apply", "o save plan"],
  ],
  ["a proof", proof, ["u undo", "S scrub", "r enter scan again", "N rotate"], []],
  ["a proof of a rotation", SHOP["rotated"] as TuiState, ["u undo", "S scrub"], ["N rotate"]],
  ["the plan of a rotation", SHOP["rotation"] as TuiState, ["y apply", "o save plan", "esc back"], NOT_MOVING],
  [
    "the plan of a rotation, read-only",
    { ...(SHOP["rotation"] as TuiState), readOnly: true },
    ["o save plan"],
    ["y apply", ...NOT_MOVING],
  ],
  [
    "a rotation that is being planned",
    { ...(SHOP["rotation"] as TuiState), planned: null },
    ["esc back"],
    ["y apply", "o save plan", ...NOT_MOVING],
  ],
  ["the ages of the overview", SHOP["overview"] as TuiState, ["N rotate"], []],
  [
    "a proof of an undo",
    { ...proof, result: proof.result && { ...proof.result, kind: "rollback" } },
    ["scan again"],
    ["u undo", "S scrub"],
  ],
  ["a run that is done", runOf("done"), ["u undo", "S scrub", "enter open", "N rotate"], ["R resume"]],
  ["a rotation that is done", runOf("done", { rotated: true }), ["u undo", "S scrub", "enter open"], ["N rotate"]],
  ["a run that was cut off", runOf("unfinished"), ["u undo", "R resume"], ["S scrub", "N rotate"]],
  ["a run that is scrubbed", runOf("scrubbed"), ["enter open", "N rotate"], ["u undo", "R resume", "S scrub"]],
  ["no runs", { ...runs, runs: { at: 0, list: [] } }, ["esc back"], ["undo", "resume", "scrub", "open"]],
] as readonly (readonly [string, TuiState, readonly string[], readonly string[]])[])(
  "offers what works, and nothing else: %s",
  (_, state, offered, not) => {
    const footer = footerOf(state);
    for (const one of [...offered, "? help", "q quit"]) expect(footer).toContain(one);
    for (const one of not) expect(footer).not.toContain(one);
  },
);
