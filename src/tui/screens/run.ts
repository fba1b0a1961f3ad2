import { unitsOf } from "../../core/journal/runs.ts";
import type { Step } from "../../model/plan.ts";
import { last } from "../last.ts";
import type { RunState, StepState } from "../state.ts";
import { STEP } from "../theme.ts";
import { seconds } from "../widgets/bar.ts";
import { line, type SpanLine } from "../widgets/text.ts";

/** A run as it happens: one line for each container, or each step. */
export function runLines(run: RunState, now: number): SpanLine[] {
  return isByUnit(run) ? unitLines(run, now) : stepLines(run);
}

/** A scrub has steps only. */
const isByUnit = ({ kind, detailed }: RunState): boolean => kind !== "scrub" && !detailed;

/** One line for each unit: its state, what is being done, for how long already, and for how long at most. */
function unitLines(run: RunState, now: number): SpanLine[] {
  const names = [...unitsOf(run.plan).keys()];
  const width = Math.min(MOST, Math.max(...names.map((name) => name.length)));
  return names.map((unit) => unitLine(unit, run, now, width));
}

/** Each step of a run. */
function stepLines({ steps }: RunState): SpanLine[] {
  return steps.map(({ unit, text, state }) => {
    const { glyph, word, style } = STEP[state];
    return line(
      " ",
      { text: `${glyph} ${word.padEnd(8)}`, ...style },
      { text: ` ${unit}  `, bold: state === "start" },
      text,
    );
  });
}

/** The line that is being worked on; the last one before the first waiting one. */
export function workingAt(run: RunState): number {
  const states = isByUnit(run)
    ? [...unitsOf(run.plan).keys()].map((unit) => unitState(run.steps.filter((step) => step.unit === unit)))
    : run.steps.map(({ state }) => state);
  return Math.max(
    0,
    states.findLastIndex((state) => state !== "waiting"),
  );
}

/** Wider names of containers leave too little for what is being done. */
const MOST = 30;

function unitLine(unit: string, run: RunState, now: number, width: number): SpanLine {
  const own = run.steps.filter((step) => step.unit === unit);
  const state = unitState(own);
  const { glyph, word, style } = STEP[state];
  const timing = run.timing.get(unit);
  const { phase, since, limit, at } = phaseOf(own, run);
  const head = [
    " ",
    { text: `${glyph} ${word.padEnd(8)} `, ...style },
    { text: unit, cell: width, bold: state === "start" },
  ] as const;
  if (timing === undefined) return line(...head);
  if (timing.ended !== null || state !== "start")
    return line(...head, { text: `  ${seconds(timing.started, timing.ended ?? now)}`, dimColor: true });
  return line(
    ...head,
    `  ${phase}  ${seconds(since ?? timing.step, now)}`,
    { text: limit === "" ? "" : ` of ${limit}`, dimColor: true },
    { text: `  ${at}/${own.length}`, dimColor: true },
  );
}

/** The state of a unit by its steps: what was put back stays so, whatever was done before. */
function unitState(own: readonly StepState[]): StepState["state"] {
  const states = new Set(own.map(({ state }) => state));
  const undo = own.find(({ id }) => id.startsWith("undo:"));
  if (undo !== undefined) return undo.state;
  if (states.has("failed")) return "failed";
  if (states.has("start")) return "start";
  if (own.length === 0 || !states.has("done")) return "waiting";
  return states.has("waiting") ? "start" : "done";
}

/** What is being done to a unit, since when if not since its step began, for how long at most, and which step it is. */
type UnitPhase = { readonly phase: string; readonly since?: number; readonly limit: string; readonly at: number };

function phaseOf(own: readonly StepState[], { plan }: RunState): UnitPhase {
  const found = own.findLastIndex(({ state }) => state !== "waiting");
  const now = own[found];
  const at = found + 1;
  if (now?.phase !== undefined) {
    const { text, since, limitMs } = now.phase;
    return { phase: text, since, limit: limitMs === undefined ? "" : `up to ${limitMs / 1000} s`, at };
  }
  if (now?.id.startsWith("undo:")) return { phase: "putting it back", limit: "", at };
  const step = stepsOf(plan.steps).get(now?.id ?? "");
  if (step === undefined) return { phase: now?.text ?? "", limit: "", at };
  return { phase: PHASES[step.kind], limit: limitOf(step), at };
}

const PHASES: { readonly [kind in Step["kind"]]: string } = {
  put: "writing to the store",
  verify: "reading it back",
  deliver: "preparing delivery",
  rewrite: "rewriting files",
  clean: "cleaning the image",
  recreate: "stopping and replacing",
  check: "verifying",
  rotate: "rotating",
};

function limitOf(step: Step): string {
  if (step.kind === "recreate" && step.outage?.isRunning) return `up to ${step.outage.stopMs / 1000} s to stop`;
  if (step.kind !== "check") return "";
  return `${step.graceMs / 1000} s, or ${step.healthTimeoutMs / 1000} s until healthy`;
}

const stepsOf = last((steps: readonly Step[]) => new Map(steps.map((step) => [step.id, step])));
