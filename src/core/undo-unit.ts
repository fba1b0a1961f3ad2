import type { Host } from "../contract/host.ts";
import type { Work } from "../contract/migration.ts";
import { once } from "../kit/once.ts";
import { bare, cmd } from "../kit/shell.ts";
import { NO_WAY_BACK, UnsprawlError } from "../model/error.ts";
import type { PutStep, Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { ApplyTools } from "./apply.ts";
import { stillHolding } from "./entry-users.ts";
import type { Journal } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";
import { isOnEngine, usedElsewhere, usedSince } from "./journal/uses.ts";
import { phasesOf } from "./phase.ts";
import { reduce } from "./run-end.ts";
import { undoPut } from "./store-steps.ts";
import { AS_MOVED, movedValues } from "./undo-values.ts";

/**
 * Restores one unit to its state before the run, then removes from the store what the run wrote. Returns notes on what
 * stays in the store. Throws `partly` if that fails.
 */
export async function undoUnit(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
  values?: ReadonlyMap<string, Secret>,
): Promise<readonly string[]> {
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
  const phase = phasesOf(host, `undo:${unit}`, unit);
  const notes: string[] = [];
  const wasDone = unitState(journal.receipts, unit) === "done";
  const lost: string[] = [];
  emit("start");
  try {
    // Not the host's signal: an undo must finish even after a cancellation.
    const work: Work = {
      plan,
      record,
      signal: new AbortController().signal,
      values: new Map(),
      recall: async () => values ?? (await movedValues(steps, tools, plan)).values,
      say: () => undefined,
      keepStored: (why) => void lost.push(why),
      phase,
      quote: tools.quote,
    };
    await tools.migration.undo(steps, work);
    const all = { ...tools, holders: once(tools.holders) };
    for (const step of steps.toReversed()) {
      if (step.kind !== "put") continue;
      phase(`taking ${step.move.name} out of the store ${plan.store.name}`);
      const { isOther, holder } = await takeBack(step, journal, all, lost.length > 0);
      if (isOther) notes.unshift(`${step.move.name} is ${AS_MOVED}`);
      if (holder !== undefined) notes.push(`${step.move.name} stays in the store: ${holder}`);
    }
    notes.push(...lost.map((why) => `${why}: the values stay in the store`));
    record.undone(`unit:${unit}`);
  } catch (error) {
    emit("failed");
    throw notWhole(unit, plan.id, reduce(error, tools), wasDone);
  }
  emit("undone");
  return notes;
}

/**
 * Removes from the store what a step put there, unless it stays: because of `keeps`, or since another run or a container
 * relies on it (`holder` says which). `isOther`: the store has another value by now.
 */
async function takeBack(
  step: PutStep,
  journal: Journal,
  tools: ApplyTools,
  keeps: boolean,
): Promise<{ readonly isOther: boolean; readonly holder: string | undefined }> {
  const { plan, record } = journal;
  const replaced = record.last(step.id)?.["before"] === "other";
  const shared = keeps || (replaced ? usedSince(tools, journal, step) : usedElsewhere(tools, plan, step.move.key));
  const [holder] = shared || !isOnEngine(plan.engine.id) ? [] : await stillHolding(step, tools);
  const stays = shared || holder !== undefined;
  return { isOther: await undoPut(tools.provider, step, plan, tools.key, record, stays), holder };
}

/** The error of an undo that failed. If the new container is all there is, only going forward ends the run. */
function notWhole(unit: string, id: string, cause: UnsprawlError, wasDone: boolean): UnsprawlError {
  const message = `${unit} could not be put back whole: ${cause.message}`;
  if (cause.cause !== NO_WAY_BACK) {
    const first = cause.hint ? cmd`${bare(cause.hint)}; then: ` : "";
    return new UnsprawlError("partly", message, cmd`${bare(first)}unsprawl rollback ${id}`, cause.code);
  }
  const hint = wasDone
    ? cmd`unsprawl scrub ${id} ends the run: the new one keeps its values from the store`
    : cmd`unsprawl resume ${id} finishes the run: the new one gets its values from the store`;
  return new UnsprawlError("partly", message, hint, NO_WAY_BACK);
}
