import type { Json } from "../../model/json.ts";
import { unitsOf, type RunSummary } from "../../core/journal/runs.ts";
import { changedText } from "../../core/moved-text.ts";
import { confirmed, restartsOf } from "../confirm.ts";
import { shownError } from "../shown-error.ts";
import type { TerminalSession } from "../session.ts";
import type { StepState } from "../state.ts";
import { applyTools, residueTools } from "../tools.ts";
import { shortName } from "./names.ts";
import { startRun } from "./run.ts";

/** Opens one run of the list: how far each of its steps got, and every record of its journal. */
export async function openRun(session: TerminalSession, summary: RunSummary): Promise<void> {
  await orReported(session, async () => {
    const { store, assembly } = session;
    const [{ readJournal }, { describeStep: describe }] = await Promise.all([
      import("../../core/journal/journal.ts"),
      import("../../core/step-text.ts"),
    ]);
    const { plan, receipts } = readJournal(assembly.installation(), summary.run);
    const steps = [...unitsOf(plan)].flatMap(([unit, own]) => {
      const undone = receipts.findLast(({ step }) => step === `unit:${unit}`)?.state === "undone";
      return own.map((step): StepState => {
        const last = receipts.findLast((receipt) => receipt.step === step.id)?.state ?? "waiting";
        const state = last === "done" && undone ? "undone" : last === "intent" ? "start" : last;
        return { id: step.id, unit, text: describe(step), state };
      });
    });
    const records = receipts.map(({ at, step, state, data }) => ({
      at: at.slice(0, 19).replace("T", " "),
      text: `${state.padEnd(6)} ${step}${dataText(data)}`,
    }));
    store.set(() => ({ where: "receipts", status: null, opened: { summary, plan, steps, records, scroll: 0 } }));
  });
}

/** Resumes a run whose process ended, after a `y`: continues applying, or rolling back. */
export async function startResume(session: TerminalSession, { run: id, state }: RunSummary): Promise<void> {
  if (state !== "unfinished") return tell(session, `nothing to resume: this run is ${state}`);
  await orReported(session, async () => {
    const { assembly } = session;
    const [{ resume }, { describeStep: describe }, { rollback, rollbackBegun }, { readJournal }] = await Promise.all([
      import("../../core/apply.ts"),
      import("../../core/step-text.ts"),
      import("../../core/rollback.ts"),
      import("../../core/journal/journal.ts"),
    ]);
    const { plan, receipts } = readJournal(assembly.installation(), id);
    const back = rollbackBegun(id, assembly.installation());
    const text = back ? `Resume the undo of run ${id}?` : `Resume run ${id} where it was interrupted?`;
    if (!(await confirmed(session, { text, restarts: restartsOf(plan), name: shortName(id) }))) return;
    const done = new Set(receipts.flatMap((receipt) => (receipt.state === "done" ? [receipt.step] : [])));
    const steps = plan.steps.map((step): StepState => ({
      id: step.id,
      unit: step.unit,
      text: describe(step),
      state: done.has(step.id) ? "done" : "waiting",
    }));
    startRun(session, back ? "rollback" : "apply", plan, async (host) => {
      if (!back) session.store.set(({ run }) => ({ run: run && { ...run, steps } }));
      const tools = await applyTools(session, plan);
      return { result: await (back ? rollback(id, tools, host) : resume(id, tools, host)) };
    });
  });
}

/** Purges what a finished run kept for undo, after a question, and reports what else still shows its values. */
export async function startScrub(
  session: TerminalSession,
  { run: id, state }: Pick<RunSummary, "run" | "state">,
): Promise<void> {
  if (state !== "done")
    return tell(
      session,
      state === "unfinished"
        ? `run ${id} is unfinished: R resumes it, u undoes it; then it can be scrubbed`
        : `this run is ${state}: it keeps nothing to scrub`,
    );
  await orReported(session, async () => {
    const { assembly, store } = session;
    const [{ scrub }, { residue }, { residueLines }, { readJournal }] = await Promise.all([
      import("../../core/scrub.ts"),
      import("../../core/residue.ts"),
      import("../../core/residue-text.ts"),
      import("../../core/journal/journal.ts"),
    ]);
    const { plan } = readJournal(assembly.installation(), id);
    const text = `Scrub run ${id}: purge what it keeps of ${changedText(plan)}, no undo then?`;
    // Nothing restarts, but as much is lost as a run of that size has kept.
    if (!(await confirmed(session, { text, restarts: restartsOf(plan), name: shortName(id) }))) return;
    startRun(session, "scrub", plan, async (host) => {
      const step = (at: number, is: StepState["state"]): void =>
        store.set(({ run }) => ({
          now: Date.now(),
          run: run && {
            ...run,
            steps: SCRUB_STEPS.map((text, index): StepState => ({
              id: text,
              unit: id,
              text,
              state: index < at ? "done" : index === at ? is : "waiting",
            })),
            done: is === "done" ? at + 1 : at,
            total: SCRUB_STEPS.length,
          },
        }));
      step(0, "start");
      const { removed, left } = await scrub(id, await applyTools(session, plan), host);
      const told = [...removed.map((name) => `removed ${name}`), ...left.map((name) => `left: ${name}`)];
      if (told.length === 0) told.push("nothing was kept");
      step(1, "start");
      try {
        const found = await residue([id], residueTools(session), host);
        step(1, "done");
        return { told: [...told, ...found.flatMap((one) => residueLines(one))] };
      } catch (error) {
        // What was purged is reported even if the look fails or is cancelled.
        step(1, "failed");
        return { told, error };
      }
    });
  });
}

const SCRUB_STEPS = ["purge what was kept for undo", "look for what still shows the values"] as const;

/** A record's data in one line. It contains no value; long data is only in the file. */
function dataText(data: { readonly [key: string]: Json }): string {
  const parts = Object.entries(data).flatMap(([key, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? [`${key} ${String(value).slice(0, 80)}`]
      : [],
  );
  return parts.length === 0 ? "" : `  ${parts.join("  ")}`;
}

function tell({ store }: TerminalSession, text: string): void {
  store.set(() => ({ status: { text, tone: "warn" } }));
}

async function orReported(session: TerminalSession, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { text, hint } = shownError(error, session.assembly.redactor);
    session.store.set(() => ({ status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" } }));
  }
}
