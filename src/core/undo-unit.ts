import type { Host } from "../contract/host.ts";
import type { Work } from "../contract/migration.ts";
import { once } from "../kit/once.ts";
import { bare, cmd } from "../kit/shell.ts";
import { NO_WAY_BACK, UnsprawlError } from "../model/error.ts";
import type { PutStep, Step } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import type { Secret } from "../model/secret.ts";
import { stillHolding } from "./entry-users.ts";
import type { Journal } from "./journal/journal.ts";
import { unitState } from "./journal/runs.ts";
import { isValueOf } from "./journal/trace.ts";
import { userText } from "./conflict.ts";
import { entryUses, isOnEngine, usesSince } from "./journal/uses.ts";
import { phasesOf } from "./phase.ts";
import { reduce, type UnitResult } from "./run-end.ts";
import { undoPut } from "./store-steps.ts";
import { AS_MOVED, isInPlace, movedValues } from "./undo-values.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** How an undo ended: `undone` if the unit, looked at afterwards, is as the plan saw it. */
export type UndoneUnit = Pick<UnitResult, "notes"> & { readonly state: "undone" | "partly undone" };

/**
 * Restores one unit to its state before the run, then removes from the store what the run wrote, if its value was seen
 * in its place again. Returns what is not as before, and what stays in the store. Throws `partly` if it can be repeated.
 */
export async function undoUnit(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
  values?: ReadonlyMap<string, Secret>,
): Promise<UndoneUnit> {
  const { plan } = journal;
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
  const wasDone = unitState(journal.receipts, unit) === "done";
  const lacks: string[] = [];
  const left: string[] = [];
  emit("start");
  try {
    const told = {
      lacks: (what: string) => void lacks.push(what),
      leaves: (what: string | null) => (what === null || left.includes(what) ? undefined : void left.push(what)),
    };
    await tools.migration.undo(steps, undoWork(steps, journal, tools, phase, values, told));
    const notes = await takeAllBack(steps, lacks, journal, tools, phase);
    journal.record.undone(`unit:${unit}`, lacks.length === 0 ? {} : { lacks });
    emit(lacks.length === 0 ? "undone" : "failed");
    return undone(lacks, [...left, ...notes, ...steps.flatMap(givenText)]);
  } catch (error) {
    emit("failed");
    throw notWhole(unit, plan.id, reduce(error, tools), wasDone);
  }
}

/**
 * Finishes what an undo of the unit had begun when it was interrupted, except in the store: a run that goes forth from half way
 * back would take what is not there yet for done.
 */
export async function finishUndo(
  unit: string,
  steps: readonly Step[],
  journal: Journal,
  tools: ApplyTools,
  host: Host,
): Promise<void> {
  if (journal.receipts.findLast(({ step }) => step === `unit:${unit}`)?.state !== "failed") return;
  const phase = phasesOf(host, `undo:${unit}`, unit);
  await tools.migration.undo(steps, undoWork(steps, journal, tools, phase));
  journal.record.intent(`unit:${unit}`);
}

function undoWork(
  steps: readonly Step[],
  { plan, record }: Journal,
  tools: ApplyTools,
  phase: Work["phase"],
  values?: ReadonlyMap<string, Secret>,
  told: Pick<Work, "lacks" | "leaves"> = {},
): Work {
  return {
    plan,
    record,
    // Not the host's signal: an undo must finish even after a cancellation.
    signal: new AbortController().signal,
    values: new Map(),
    recall: async () => values ?? (await movedValues(steps, tools, plan)).values,
    say: () => undefined,
    ...told,
    phase,
    quote: tools.quote,
  };
}

/** A value that a person gave was made valid by that person: the one before may not be any more. */
function givenText(step: Step): readonly string[] {
  if (step.kind !== "rotate" || step.isGiven !== true) return [];
  return [`the earlier ${step.name} may be refused where it is checked: nobody was asked there`];
}

/** The result of a unit that an earlier undo ended, as that one left it; `isAsked`: it was to be undone again. */
export function undoneBefore(unit: string, receipts: readonly Receipt[], isAsked = false): UnitResult {
  const data = receipts.findLast(({ step }) => step === `unit:${unit}`)?.data["lacks"];
  const lacks = Array.isArray(data) ? data.filter((one) => typeof one === "string") : [];
  // What has happened since is nothing that this run's journal could tell.
  const earlier = `an earlier rollback ${lacks.length === 0 ? "put it back" : "left it so"}; what has changed since was not looked at`;
  return { unit, error: null, ...undone(lacks, isAsked ? [earlier] : []) };
}

function undone(lacks: readonly string[], more: readonly string[]): UndoneUnit {
  const notes = [...lacks, ...more];
  return { state: lacks.length === 0 ? "undone" : "partly undone", ...(notes.length > 0 && { notes }) };
}

/**
 * Takes the unit's values out of the store if all are back in their places, and nothing else is amiss (`lacks`, to which
 * it adds what it finds). Otherwise they stay: they may be the last. Returns notes on what stays.
 */
async function takeAllBack(
  steps: readonly Step[],
  lacks: string[],
  journal: Journal,
  tools: ApplyTools,
  phase: Work["phase"],
): Promise<readonly string[]> {
  const puts = steps.filter((step) => step.kind === "put").toReversed();
  const gone = new Set<PutStep>();
  for (const step of puts) {
    phase(`looking for ${step.move.name} where it was`);
    if (!(await isInPlace(step.move, step.unit, tools))) gone.add(step);
  }
  lacks.push(...[...gone].map(({ move }) => `${move.name} is not where it was`));
  const all = { ...tools, holders: once(tools.holders) };
  const notes: string[] = [];
  for (const step of puts) {
    const { name } = step.move;
    if (lacks.length === 0) phase(`taking ${name} out of the store ${journal.plan.store.name}`);
    else notes.push(await keptText(step, gone.has(step), tools));
    const { isOther, holder } = await takeBack(step, journal, all, lacks.length > 0);
    if (isOther) notes.unshift(`${name} is ${AS_MOVED}`);
    if (holder !== undefined) notes.push(`${name} stays in the store: ${holder}`);
  }
  return notes;
}

async function keptText({ move }: PutStep, isGone: boolean, { provider, key }: ApplyTools): Promise<string> {
  const { name, reference, fingerprint } = move;
  const stored = await provider.get(move.key);
  const isStored = stored !== null && isValueOf(fingerprint, stored.value, key);
  if (!isStored) return `${name} is not in the store as it was moved${isGone ? ", either" : ""}`;
  return `${name} stays in the store at ${reference}${isGone ? ": nothing else was seen to hold it" : ""}`;
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
  const before = record.last(step.id)?.["before"];
  const uses = entryUses(tools, plan.store, step.move.key, plan.id);
  const [user] = before === "other" ? usesSince(uses, journal, step) : uses;
  const isFree = !keeps && user === undefined;
  const [referring] = isFree && isOnEngine(plan.engine.id) ? await stillHolding(step, tools) : [];
  const isOther = await undoPut(tools, step, plan, record, !isFree || referring !== undefined);
  // What was there before the run would stay anyway.
  const holder = user === undefined || keeps || before === "same" ? referring : `${userText(user)} uses it`;
  return { isOther, holder };
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
