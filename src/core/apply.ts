import pMap from "p-map";
import type { Host } from "../contract/host.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan, PutStep, Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { createJournal, mustBeNew, openJournal, readJournal, type Journal } from "./journal/journal.ts";
import { besideToWrite, compareStores, isFromStore, type ComparedStores } from "./compare-stores.ts";
import { unitsAtOnce } from "./each-unit.ts";
import { keysAfter } from "./key-files.ts";
import { mustBeSameSources } from "./one-entry.ts";
import { lockEngine } from "./journal/lock.ts";
import { putValue, verifyValue } from "./store-steps.ts";
import { mustBeOurs } from "./journal/signed-plan.ts";
import { unitsOf, unitStates, type UnitState } from "./journal/runs.ts";
import { mustBeFree, userText } from "./conflict.ts";
import { entryUses, isOwnUse } from "./journal/uses.ts";
import { undoFailed, type FailedUnit } from "./undo-failed.ts";
import { finishUndo, undoneBefore } from "./undo-unit.ts";
import { readValues, valueOf } from "./values.ts";
import { phasesOf } from "./phase.ts";
import { finishRun, reduce, type UnitResult, type RunResult } from "./run-end.ts";
import { describeStep, limitOf } from "./step-text.ts";
import type { ApplyTools } from "./apply-tools.ts";

/**
 * Applies a plan. For each unit: writes the values to the store and reads them back, then changes the run
 * configuration, then verifies the result. A unit that fails is rolled back, and the run stops there. Together with
 * `resume`, `rollback` and `scrub` the only verbs that change anything. Throws `refused` for a plan that this
 * installation did not make.
 */
export async function apply(plan: Plan, tools: ApplyTools, host: Host): Promise<RunResult> {
  mustBeOurs(plan, tools.key);
  return locked(plan, tools, async () => {
    // Before its containers are said to have changed, as that run has changed them.
    mustBeNew(tools.state, plan.id);
    // All units are compared with the plan before anything is written, and each again just before its turn.
    for (const step of plan.steps) await tools.migration.unchanged(step, plan);
    const journal = createJournal(tools, plan);
    return work(journal, tools, host);
  });
}

/** Continues an interrupted run from its journal. */
export async function resume(id: string, tools: ApplyTools, host: Host): Promise<RunResult> {
  // The journal is opened for writing only under the lock: another process may still be appending to it.
  const { plan } = readJournal(tools, id);
  return locked(plan, tools, () => work(openJournal(tools, id), tools, host));
}

/**
 * Runs `act` under the engine's lock, as every verb that changes something must. Throws `refused` in read-only mode,
 * `changed` if this is not the plan's engine, `locked` if another run holds it.
 */
export async function locked<T>(plan: Plan, tools: ApplyTools, act: () => Promise<T>): Promise<T> {
  if (tools.readOnly === true)
    throw new UnsprawlError("refused", "read-only: nothing is changed", "start unsprawl without --read-only");
  const engine = await tools.migration.engine();
  if (engine.id !== plan.engine.id) {
    throw new UnsprawlError(
      "changed",
      `this engine (${engine.address}) is not the plan's (${plan.engine.address})`,
      "set DOCKER_HOST to the plan's engine",
    );
  }
  const lock = lockEngine(tools.state, engine.id, `run ${plan.id}`, tools.breakLock);
  try {
    await mustBeSameSources(plan, tools.migration);
    return await act();
  } finally {
    lock.release();
  }
}

async function work(journal: Journal, tools: ApplyTools, host: Host): Promise<RunResult> {
  const { plan } = journal;
  const units = [...unitsOf(plan)];
  const stateBefore = unitStates(journal.receipts);
  const results: UnitResult[] = [];
  const so: RunProgress = { done: 0, failure: null, failed: [] };
  await pMap(
    units.entries(),
    async ([at, [unit, steps]]) => {
      results[at] = await unitResult(unit, steps, stateBefore(unit), so, journal, tools, host);
    },
    { concurrency: unitsAtOnce(units) },
  );
  if (so.failed.length > 0) await undoFailed(so.failed, units, results, journal, tools, host);
  const migrated = units.flatMap(([, steps], at) => (results[at]?.state === "migrated" ? steps : []));
  const compared = await comparedUnits(units, results, so, tools, host);
  return { ...finishRun(journal, results, so.failure, compared), ...(await keysAfter(migrated, tools)) };
}

/** How far a run is: its finished steps, the first error, after which no unit is begun, and the units that failed. */
type RunProgress = { done: number; failure: UnsprawlError | null; readonly failed: FailedUnit[] };

async function comparedUnits(
  units: readonly (readonly [unit: string, steps: readonly Step[]])[],
  results: readonly UnitResult[],
  so: RunProgress,
  tools: ApplyTools,
  host: Host,
): Promise<ComparedStores | null> {
  const moved = units.filter(([, steps], at) => results[at]?.state === "migrated" && isFromStore(steps));
  const steps = moved.flatMap(([, own]) => own);
  return compareStores(steps, tools, host).catch((error: unknown) => {
    so.failure ??= reduce(error, tools);
    return null;
  });
}

/** Migrates one unit. One that fails is in `so`, for `undoFailed`. */
async function unitResult(
  unit: string,
  steps: readonly Step[],
  was: UnitState,
  so: RunProgress,
  journal: Journal,
  tools: ApplyTools,
  host: Host,
): Promise<UnitResult> {
  if (was === "done" || was === "undone") {
    so.done += steps.length;
    return was === "done" ? { unit, state: "migrated", error: null } : undoneBefore(unit, journal.receipts);
  }
  if (so.failure !== null) return { unit, state: "not begun", error: null };
  const values = new Map<string, Secret>();
  try {
    if (was === "begun") await finishUndo(unit, steps, journal, tools, host);
    await workUnit(unit, steps, journal, tools, host, was === "begun", values, so);
    return { unit, state: "migrated", error: null };
  } catch (error) {
    for (const value of values.values()) tools.know(value);
    const failure = reduce(error, tools);
    so.failure ??= failure;
    so.failed.push({ unit, failure, values });
    return { unit, state: "partly undone", error: failure.message };
  }
}

async function workUnit(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
  begun: boolean,
  values: Map<string, Secret>,
  so: RunProgress,
): Promise<void> {
  const { record, plan } = journal;
  if (!begun) {
    for (const step of steps) await tools.migration.unchanged(step, plan);
    mustReplaceOwn(steps, plan, tools);
    record.intent(`unit:${unit}`);
  }
  await readValues(steps, journal, tools, values);
  const total = plan.steps.length;
  for (const step of steps) {
    host.signal.throwIfAborted();
    const text = describeStep(step);
    const { done } = so;
    const limitMs = limitOf(step);
    host.emit({ type: "step", step: step.id, unit, text, state: "start", done, total, ...(limitMs && { limitMs }) });
    const phase = phasesOf(host, step.id, unit);
    let said = text;
    try {
      if (step.kind === "put") {
        const value = valueOf(values, step.move);
        phase(`writing ${step.move.name} to the store ${plan.store.name}`);
        const isWritten = journal.receipts.some((one) => one.step === step.id && one.state === "done");
        const beside = await besideToWrite(step, value, tools, isWritten);
        await putValue(tools, step, value, plan, record, beside);
      } else if (step.kind === "verify") {
        phase(`reading ${step.move.name} back from the store ${plan.store.name}`);
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
          phase,
          quote: tools.quote,
        });
        record.done(step.id);
      }
    } catch (error) {
      host.emit({ type: "step", step: step.id, unit, text, state: "failed", done, total });
      throw error;
    }
    host.emit({ type: "step", step: step.id, unit, text: said, state: "done", done: ++so.done, total });
  }
  // What stays in its place too is compared with it at the end of the run.
  for (const step of isFromStore(steps) ? [] : steps)
    if (step.kind === "put") await lookOnceMore(step, valueOf(values, step.move), tools, record);
  record.done(`unit:${unit}`);
}

const isAway = (error: unknown): boolean =>
  error instanceof UnsprawlError && (error.code === "unreachable" || error.code === "throttled");

/**
 * Another run, of another user or on another machine, may have taken an entry back meanwhile, or overwritten its file. A
 * store that cannot be asked now is no reason to undo what was read back from it after this run had written it.
 */
async function lookOnceMore(step: PutStep, value: Secret, tools: ApplyTools, record: Journal["record"]): Promise<void> {
  try {
    await verifyValue(tools.provider, step.move, value);
  } catch (error) {
    const isOwn = record.last(step.id)?.["before"] !== "same";
    if (!isAway(error) || !isOwn) throw error;
  }
}

/** Throws `conflict` if, since the plan was made, another unit has come to use an entry that it replaces. */
function mustReplaceOwn(steps: readonly Step[], plan: Plan, tools: ApplyTools): void {
  for (const step of steps) {
    if (step.kind !== "put" || !step.overwrite) continue;
    const own = { unit: step.unit, engine: plan.engine.id };
    const others = entryUses(tools, plan.store, step.move.key, plan.id).filter((use) => !isOwnUse(use, own));
    mustBeFree(step.move.key, others.map(userText));
  }
}
