import type { Host } from "../contract/host.ts";
import type { Work } from "../contract/migration.ts";
import { once } from "../kit/once.ts";
import { bare, cmd } from "../kit/shell.ts";
import { NO_WAY_BACK, UnsprawlError } from "../model/error.ts";
import type { Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { ApplyTools } from "./apply.ts";
import { stillHolding } from "./entry-users.ts";
import type { Journal } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";
import { ON_FILES, usedElsewhere, usedSince } from "./journal/uses.ts";
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
    const holders = once(tools.holders);
    for (const step of steps.toReversed()) {
      if (step.kind !== "put") continue;
      const replaced = record.last(step.id)?.["before"] === "other";
      phase(`taking ${step.move.name} out of the store ${plan.store.name}`);
      const shared = replaced ? usedSince(tools, journal, step) : usedElsewhere(tools, plan, step.move.key);
      const [holder] =
        lost.length > 0 || shared || plan.engine.id === ON_FILES ? [] : await stillHolding(step, { ...tools, holders });
      const isOther = await undoPut(
        tools.provider,
        step,
        plan,
        tools.key,
        record,
        lost.length > 0 || shared || holder !== undefined,
      );
      if (isOther) notes.unshift(`${step.move.name} is ${AS_MOVED}`);
      if (holder !== undefined) notes.push(`${step.move.name} stays in the store: ${holder} refers to it`);
    }
    notes.push(...lost.map((why) => `${why}: the values stay in the store`));
    record.undone(`unit:${unit}`);
  } catch (error) {
    emit("failed");
    const cause = reduce(error, tools);
    const isLost = cause.cause === NO_WAY_BACK;
    throw new UnsprawlError(
      "partly",
      `${unit} could not be put back whole: ${cause.message}`,
      isLost
        ? wasDone
          ? cmd`unsprawl scrub ${plan.id} ends the run: the new one keeps its values from the store`
          : cmd`unsprawl resume ${plan.id} finishes the run: the new one gets its values from the store`
        : cmd`${bare(cause.hint ? cmd`${bare(cause.hint)}; then: ` : "")}unsprawl rollback ${plan.id}`,
      isLost ? NO_WAY_BACK : cause.code,
    );
  }
  emit("undone");
  return notes;
}
