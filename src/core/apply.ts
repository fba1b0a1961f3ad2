import { basename } from "node:path";
import type { Host } from "../contract/host.ts";
import type { Migration, Work } from "../contract/migration.ts";
import type { Provider } from "../contract/provider.ts";
import { bare, cmd } from "../kit/shell.ts";
import { EXIT, UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { Plan, Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { createJournal, openJournal, readJournal, type Journal } from "./journal/journal.ts";
import { lockEngine } from "./journal/lock.ts";
import { putValue, takeBack, verifyValue } from "./store-steps.ts";
import { mustBeOurs } from "./journal/signed-plan.ts";
import { unitsOf, unitState, usedElsewhere } from "./journal/runs.ts";
import { readValues, recallValues, valueOf } from "./values.ts";
import { subjectOfStep } from "../model/step-id.ts";

export type ApplyTools = {
  readonly migration: Migration;
  readonly provider: Provider;
  readonly key: FingerprintKey;
  readonly state: string;
  readonly know: (value: Secret) => void;
  /** Takes known values out of text that others wrote, before it reaches the journal. */
  readonly redact: (text: string) => string;
  readonly breakLock: boolean;
  /** Refuses every verb that changes anything. Absent: false. */
  readonly readOnly?: boolean;
};

export type UnitResult = {
  readonly unit: string;
  readonly state: "migrated" | "undone" | "not begun";
  readonly error: string | null;
};

export type RunResult = {
  readonly version: 1;
  readonly run: string;
  readonly state: "done" | "failed" | "partly" | "rolled back" | "interrupted";
  readonly units: readonly UnitResult[];
  /** Whether containers were looked at afterwards. Else the store's answer is proven, and what the files say. */
  readonly inspected: boolean;
  /** An image was cleaned: its new config and history were looked at, nothing was started. */
  readonly cleaned: boolean;
  /** What went wrong, or null. The process exits with its code. */
  readonly error: UnsprawlError | null;
};

/**
 * Does what a plan says: for each subject, store writes and read-back first, then its run configuration, then the
 * proof. A subject that fails is put back as it was, and the run stops there. Read-only until here: the only verb
 * with `resume`, `rollback` and `scrub` that changes anything. Throws `refused` for a plan that this installation did not
 * make.
 */
export async function apply(plan: Plan, tools: ApplyTools, host: Host): Promise<RunResult> {
  mustBeOurs(plan, tools.key);
  return locked(plan, tools, async () => {
    // All subjects are compared before anything is written; each is compared again when its turn comes.
    for (const step of plan.steps) await tools.migration.unchanged(step, plan);
    const journal = createJournal(tools, plan);
    return work(journal, tools, host);
  });
}

/** Continues a run from wherever it was when its process ended. */
export async function resume(id: string, tools: ApplyTools, host: Host): Promise<RunResult> {
  // Opened for writing only under the lock: another process may be appending until then.
  const { plan } = readJournal(tools, id);
  return locked(plan, tools, () => work(openJournal(tools, id), tools, host));
}

/** Runs `act` while this process holds the engine's lock: what every verb that changes anything does. */
export async function locked<T>(plan: Plan, tools: ApplyTools, act: () => Promise<T>): Promise<T> {
  if (tools.readOnly === true)
    throw new UnsprawlError("refused", "read-only: nothing is changed", "start unsprawl without --read-only");
  const engine = await tools.migration.engine();
  if (engine.id !== plan.engine.id) {
    throw new UnsprawlError(
      "changed",
      `this is another engine (${engine.address}) than the plan's (${plan.engine.address})`,
      "set DOCKER_HOST to the plan's engine",
    );
  }
  const lock = lockEngine(tools.state, engine.id, `run ${plan.id}`, tools.breakLock);
  try {
    return await act();
  } finally {
    lock.release();
  }
}

async function work(journal: Journal, tools: ApplyTools, host: Host): Promise<RunResult> {
  const { plan } = journal;
  const results: UnitResult[] = [];
  let failure: UnsprawlError | null = null;
  const units = unitsOf(plan);
  // What was read, for an undo while the store does not answer.
  const kept = new Map<string, ReadonlyMap<string, Secret>>();
  for (const [unit, steps] of units) {
    const was = unitState(journal.receipts, unit);
    if (was === "done" || was === "undone") {
      results.push({ unit, state: was === "done" ? "migrated" : "undone", error: null });
      continue;
    }
    if (failure) {
      results.push({ unit, state: "not begun", error: null });
      continue;
    }
    try {
      await workUnit(unit, steps, journal, tools, host, was === "begun", kept);
      results.push({ unit, state: "migrated", error: null });
    } catch (error) {
      failure = reduce(error, tools);
      journal.tolerant();
      journal.failed(`unit:${unit}`, failure.message);
      await undoUnit(unit, steps, journal, tools, host, kept.get(unit));
      results.push({ unit, state: "undone", error: failure.message });
    }
  }
  return finish(journal, results, failure);
}

async function workUnit(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
  begun: boolean,
  kept: Map<string, ReadonlyMap<string, Secret>>,
): Promise<void> {
  const { record, plan } = journal;
  if (!begun) {
    for (const step of steps) await tools.migration.unchanged(step, plan);
    record.intent(`unit:${unit}`);
  }
  const values = await readValues(steps, journal, tools);
  kept.set(unit, values);
  const total = plan.steps.length;
  for (const step of steps) {
    host.signal.throwIfAborted();
    const text = describe(step);
    const done = plan.steps.indexOf(step);
    host.emit({ type: "step", step: step.id, unit, text, state: "start", done, total });
    let said = text;
    try {
      if (step.kind === "put") await putValue(tools.provider, step, valueOf(values, step.move), plan, record);
      else if (step.kind === "verify") {
        await verifyValue(tools.provider, step.move, valueOf(values, step.move));
        record.done(step.id);
      } else {
        record.intent(step.id);
        await tools.migration.perform(step, {
          plan,
          record,
          signal: host.signal,
          values,
          recall: async () => values,
          say: (line) => (said = line),
          redact: tools.redact,
        });
        record.done(step.id);
      }
    } catch (error) {
      host.emit({ type: "step", step: step.id, unit, text, state: "failed", done, total });
      throw error;
    }
    host.emit({ type: "step", step: step.id, unit, text: said, state: "done", done: done + 1, total });
  }
  record.done(`unit:${unit}`);
}

/** Puts one subject back as it was, then takes back from the store what this run had put there. */
export async function undoUnit(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
  values?: ReadonlyMap<string, Secret>,
): Promise<void> {
  const { plan, record } = journal;
  const emit = (state: "start" | "undone" | "failed"): void =>
    host.emit({
      type: "step",
      step: `undo:${unit}`,
      unit,
      text: `put ${unit} back as it was`,
      state,
      done: 0,
      total: 1,
    });
  emit("start");
  try {
    // Called off or not: what was begun must be put back.
    const work: Work = {
      plan,
      record,
      signal: new AbortController().signal,
      values: new Map(),
      recall: async () => values ?? recallValues(steps, tools),
      say: () => undefined,
      redact: tools.redact,
    };
    await tools.migration.undo(steps, work);
    for (const step of steps.toReversed()) {
      if (step.kind !== "put") continue;
      const shared = usedElsewhere(tools, plan, step.move.key);
      await takeBack(tools.provider, step, plan, tools.key, record, shared);
    }
    record.undone(`unit:${unit}`);
  } catch (error) {
    emit("failed");
    const cause = reduce(error, tools);
    throw new UnsprawlError(
      "partly",
      `${unit} could not be put back whole: ${cause.message}`,
      cmd`${bare(cause.hint ? cmd`${bare(cause.hint)}; then: ` : "")}unsprawl rollback ${plan.id}`,
      cause.code,
    );
  }
  emit("undone");
}

function finish(journal: Journal, units: readonly UnitResult[], failure: UnsprawlError | null): RunResult {
  const { plan, record } = journal;
  const migrated = units.filter((one) => one.state === "migrated").length;
  const inspected = plan.steps.some(({ kind }) => kind === "check");
  const cleaned = plan.steps.some(({ kind }) => kind === "clean");
  const base = { version: 1, run: plan.id, units, inspected, cleaned } as const;
  try {
    if (failure === null) {
      const state = migrated === units.length ? "done" : migrated === 0 ? "rolled back" : "partly";
      record.done("run", { state });
      return { ...base, state, error: state === "partly" ? partly(plan.id, migrated, units.length, null) : null };
    }
    journal.failed("run", failure.message);
    if (migrated > 0) return { ...base, state: "partly", error: partly(plan.id, migrated, units.length, failure) };
    return { ...base, state: failure.exit === EXIT.interrupted ? "interrupted" : "failed", error: failure };
  } finally {
    journal.close();
  }
}

function partly(id: string, migrated: number, total: number, failure: UnsprawlError | null): UnsprawlError {
  const why = failure ? `; then: ${failure.message}` : "";
  return new UnsprawlError(
    "partly",
    `${migrated} of ${total} migrated${why}`,
    cmd`unsprawl rollback ${id} undoes them; unsprawl plan again moves the rest`,
  );
}

/** Any thrown thing as an UnsprawlError whose text holds no known value. */
function reduce(error: unknown, tools: Pick<ApplyTools, "redact">): UnsprawlError {
  if (error instanceof UnsprawlError) {
    return new UnsprawlError(error.code, tools.redact(error.message), error.hint, error.cause as string | undefined);
  }
  if (error instanceof Error && error.name === "AbortError")
    return new UnsprawlError("interrupted", "called off", "everything begun was put back");
  const name = error instanceof Error ? error.name : typeof error;
  return new UnsprawlError("failed", `unexpected ${name}`, "please report this");
}

/** One line that says what a step does. */
export function describe(step: Step): string {
  if (step.kind === "put") return `put ${step.move.name} into ${step.move.key.path}`;
  if (step.kind === "verify") return `read ${step.move.name} back and compare`;
  if (step.kind === "deliver") return `deliver ${step.moves.map(({ name }) => name).join(", ")} by ${step.delivery}`;
  // One of several subjects of a unit is told by its own name, which its step's id ends with.
  const whose = subjectOfStep(step);
  if (step.kind === "rewrite") return `rewrite ${step.files.map(({ file }) => basename(file)).join(", ")}`;
  if (step.kind === "clean") return `clean ${step.image.tags.join(", ")}`;
  if (step.kind === "recreate") return `create ${whose} again and swap`;
  return `prove ${whose}`;
}
