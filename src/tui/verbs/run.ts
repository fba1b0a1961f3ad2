import type { HostEvent, Host } from "../../contract/host.ts";
import type { ScanReport } from "../../core/scan.ts";
import type { Plan } from "../../model/plan.ts";
import { shownError } from "../shown-error.ts";
import { confirmed, isTyped, restartsOf, typedName } from "../confirm.ts";
import { describeStep } from "../../core/step-text.ts";
import { changedText } from "../../core/moved-text.ts";
import { shortName } from "./names.ts";
import { startJob, tuiHost, type TerminalSession } from "../session.ts";
import type { ResultState, RotationAdvice, RunState, StepState } from "../state.ts";
import { applyTools } from "../tools.ts";
import type { RunResult } from "../../core/run-end.ts";

/** Applies the plan on the screen. */
export async function startApply(session: TerminalSession): Promise<void> {
  const { planned, rotating } = session.store.get();
  if (planned === null || planned.plan.steps.length === 0) {
    const what = rotating === null ? "moved" : "rotated";
    session.store.set(() => ({ status: { text: `nothing can be ${what} by this plan: esc back`, tone: "warn" } }));
    return;
  }
  const { plan, provider } = planned;
  const restarts = restartsOf(plan);
  const { name } = plan.store;
  if (isTyped(restarts) && !(await typedName(session, `Apply this plan? Type ${name}:`, restarts, name))) return;
  startRun(session, "apply", plan, async (host) => {
    const { apply } = await import("../../core/apply.ts");
    const steps = plan.steps.map((step): StepState => ({
      id: step.id,
      unit: step.unit,
      text: describeStep(step),
      state: "waiting",
    }));
    session.store.set(({ run }) => ({ run: run && { ...run, steps } }));
    return { result: await apply(plan, await applyTools(session, plan, provider), host) };
  });
}

/** Undoes a run, after a question that only `y` answers. */
export async function startUndo(session: TerminalSession, id: string): Promise<void> {
  const { store, assembly } = session;
  try {
    const [{ rollback }, { readJournal }] = await Promise.all([
      import("../../core/rollback.ts"),
      import("../../core/journal/journal.ts"),
    ]);
    const { plan } = readJournal(assembly.installation(), id);
    const text = `Undo run ${id}: put ${changedText(plan)} back, take its values out of ${plan.store.name}?`;
    if (!(await confirmed(session, { text, restarts: restartsOf(plan), name: shortName(id) }))) return;
    startRun(session, "rollback", plan, async (host) => ({
      result: await rollback(id, await applyTools(session, plan), host),
    }));
  } catch (error) {
    const { text, hint } = shownError(error, assembly.redactor);
    store.set(() => ({ status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" } }));
  }
}

/** Reports runs that a crash cut off: they leave containers half recreated. */
export async function tellUnfinished({ store, assembly }: TerminalSession): Promise<void> {
  try {
    const { listRuns } = await import("../../core/journal/runs.ts");
    const [first, ...more] = listRuns(assembly.installation()).filter(({ state }) => state === "unfinished");
    if (!first) return;
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    store.set(() => ({ status: { text: `run ${first.run}${others} is unfinished: L shows it`, tone: "warn" } }));
  } catch (error) {
    store.set(() => ({ status: { text: shownError(error, assembly.redactor).text, tone: "bad" } }));
  }
}

/** Asks core to stop: it puts back what was begun, and the run ends by itself. */
export function callOff(session: TerminalSession): void {
  if (session.store.get().run?.kind === "rollback") {
    session.store.set(() => ({
      status: { text: "an undo cannot be cancelled: it runs to its end", tone: "warn" },
    }));
    return;
  }
  session.jobs.get("run")?.abort.abort();
  session.store.set(({ run }) => ({ run: run && { ...run, aborting: true } }));
}

/** How a verb ended: as a run, or as lines that say what was done. */
type VerbOutcome = { readonly result?: RunResult; readonly told?: readonly string[]; readonly error?: unknown };

function begunRun(kind: RunState["kind"], plan: Plan): RunState {
  return {
    kind,
    plan,
    steps: [],
    done: 0,
    total: kind === "apply" ? plan.steps.length : 0,
    started: Date.now(),
    ended: null,
    aborting: false,
    timing: new Map(),
    detailed: false,
    scroll: null,
  };
}

/** Shows a verb that runs a plan, then how it ended. */
export function startRun(
  session: TerminalSession,
  kind: RunState["kind"],
  plan: Plan,
  act: (host: Host) => Promise<VerbOutcome>,
): void {
  const { store, assembly } = session;
  const run = begunRun(kind, plan);
  const cleared = { result: null, planned: null, rotating: null, opened: null, status: null, help: null };
  store.set(() => ({ where: "run", run, ...cleared, now: run.started }));
  startJob(session, "run", async (signal) => {
    const base = { kind, run: plan.id, scroll: 0, told: [] };
    let result: ResultState;
    try {
      const host = tuiHost(session, signal, (event) => {
        if (event.type !== "step" && event.type !== "phase") return;
        const text = assembly.redactor.guard(event.text);
        store.later(({ run }) => ({
          run: run && (event.type === "step" ? stepped(run, event, text) : phased(run, event, text, Date.now())),
          now: Date.now(),
        }));
      });
      const { result: run = null, told = [], error = run?.error ?? null } = await act(host);
      result = {
        ...base,
        result: run,
        told: told.map((text) => assembly.redactor.foreign(text)),
        error: error === null ? null : shownError(error, assembly.redactor),
        proven: kind === "apply" && run?.rotated === true ? provenOf(store.get().run) : [],
        rotate: kind === "apply" && run !== null ? rotationAdvice(plan, run, store.get().scan.report) : [],
      };
    } catch (error) {
      result = { ...base, result: null, error: shownError(error, assembly.redactor) };
    }
    store.set((state) => ({
      where: "proof",
      stale: true,
      result,
      ended: [...state.ended, result],
      // What was put back after a failure can be tried again with the same marks.
      marked:
        kind === "apply" && result.result?.state === "done"
          ? new Set([...state.marked].filter((print) => !state.wanted.has(print)))
          : state.marked,
      help: null,
      question: null,
      prompt: null,
      run: state.run && { ...state.run, ended: Date.now() },
    }));
  });
}

/** What a rotation proved of each secret: its step ends with that. */
function provenOf(run: RunState | null): NonNullable<ResultState["proven"]> {
  const planned = new Map((run?.plan.steps ?? []).map((step) => [step.id, describeStep(step)]));
  return (run?.steps ?? []).filter(({ id, state, text }) => state === "done" && planned.get(id) !== text);
}

/** Records a step's event in the list of steps; a step that the plan did not name (an undo) is added. */
function stepped(run: RunState, event: Extract<HostEvent, { type: "step" }>, text: string): RunState {
  const { step: id, unit, state } = event;
  const now: StepState = { id, unit, text, state };
  const known = run.steps.some((step) => step.id === id);
  const steps = known ? run.steps.map((step) => (step.id === id ? now : step)) : [...run.steps, now];
  const done = id.startsWith("undo:") ? run.done : event.done;
  return { ...run, steps, done, timing: timed(run, event, Date.now()) };
}

/** Records what a step does now, until its next event. */
function phased(
  run: RunState,
  { step: id, limitMs }: Extract<HostEvent, { type: "phase" }>,
  text: string,
  since: number,
): RunState {
  const phase = { text, since, ...(limitMs !== undefined && { limitMs }) };
  return { ...run, steps: run.steps.map((step) => (step.id === id ? { ...step, phase } : step)) };
}

/** The times of a step's unit: a unit ends with its last step, with an error, or when it has been put back. */
function timed(
  { plan, timing }: RunState,
  { step: id, unit, state }: Extract<HostEvent, { type: "step" }>,
  now: number,
): RunState["timing"] {
  const before = timing.get(unit);
  const isLast = state === "done" && plan.steps.findLast((step) => step.unit === unit)?.id === id;
  const ended = isLast || state === "failed" || state === "undone" ? now : null;
  const step = state === "start" ? now : (before?.step ?? now);
  return new Map(timing).set(unit, { started: before?.started ?? now, step, ended });
}

/** How to rotate what a run migrated, by what the scan before it said of each rule. */
function rotationAdvice(plan: Plan, result: RunResult, report: ScanReport | null): readonly RotationAdvice[] {
  const migrated = new Set(result.units.flatMap(({ unit, state }) => (state === "migrated" ? [unit] : [])));
  const names = new Map<string, Set<string>>();
  for (const step of plan.steps) {
    const rule = step.kind === "put" && migrated.has(step.unit) ? step.move.finding?.rule : undefined;
    if (step.kind === "put" && rule !== undefined) names.set(rule, (names.get(rule) ?? new Set()).add(step.move.name));
  }
  return [...names].flatMap(([rule, own]) => {
    const advice = report?.rotation[rule];
    return advice === undefined ? [] : [{ ...advice, names: [...own] }];
  });
}
