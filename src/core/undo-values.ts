import type { Host } from "../contract/host.ts";
import { bare, cmd, shellWord } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, valueKey, type Move, type Plan, type Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { Journal } from "./journal/journal.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";
import { isValueOf } from "./journal/trace.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** A unit's values as the run moved them, by `valueKey`. */
export type MovedValues = {
  readonly values: ReadonlyMap<string, Secret>;
  /** Those that were read from an earlier version, since the store holds another value or none by now. */
  readonly earlier: readonly Move[];
};

/** Why one value cannot be had any more, and the hint of a missing right. */
type MissingValue = { readonly move: Move; readonly why: string; readonly hint: string | null };

/**
 * The values of a unit as they were moved: from their places, from the store, or from an earlier version that the store
 * keeps. Throws `refused` if one is nowhere, or what the store throws.
 */
export async function movedValues(steps: readonly Step[], tools: ApplyTools, plan: Plan): Promise<MovedValues> {
  const [values, earlier, missing] = [new Map<string, Secret>(), [] as Move[], [] as MissingValue[]];
  for (const { move, unit } of steps.filter((step) => step.kind === "put")) {
    const isMoved = (value: Secret): boolean => isValueOf(move.fingerprint, value, tools.key);
    const inPlace = await valueInPlace(move, unit, tools);
    let value = inPlace !== null && isMoved(inPlace) ? inPlace : null;
    if (value === null) {
      const stored = (await tools.provider.get(move.key))?.value ?? null;
      if (stored !== null && isMoved(stored)) value = stored;
      else {
        const found = await earlierValue(move, stored, isMoved, tools);
        if ("why" in found) {
          missing.push(found);
          continue;
        }
        ({ value } = found);
        earlier.push(move);
      }
    }
    tools.know(value);
    values.set(valueKey(move), value);
  }
  const [first] = missing;
  if (first !== undefined) throw unavailable(missing, first, plan);
  return { values, earlier };
}

/** Whether a value, looked for in this instant, is where it was before the run, in something that stays. */
export async function isInPlace(move: Move, unit: string, tools: ApplyTools): Promise<boolean> {
  const value = await valueInPlace(move, unit, tools, true);
  return value !== null && isValueOf(move.fingerprint, value, tools.key);
}

/** Null also where what held it is gone or cannot be read any more: the store has the value, too. */
async function valueInPlace(
  move: Move,
  unit: string,
  { migration }: ApplyTools,
  lasting = false,
): Promise<Secret | null> {
  try {
    return await migration.read(move, unit, lasting);
  } catch (error) {
    if (error instanceof UnsprawlError && ["absent", "malformed", "changed"].includes(error.code)) return null;
    throw error;
  }
}

/**
 * The values that the rollback of a run will need, by unit, so that a missing one refuses before anything is changed.
 * Reports those that differ from what the store holds now.
 */
export async function valuesForUndo(
  { plan, receipts, record }: Journal,
  tools: ApplyTools,
  host: Host,
): Promise<ReadonlyMap<string, MovedValues>> {
  const needed = new Map<string, MovedValues>();
  const stateOf = unitStates(receipts);
  for (const [unit, steps] of unitsOf(plan)) {
    if (!["begun", "done"].includes(stateOf(unit))) continue;
    try {
      if ((await tools.migration.undoNeedsValues?.(steps, { plan, record })) !== true) continue;
      needed.set(unit, await movedValues(steps, tools, plan));
    } catch (error) {
      // Anything else is reported by the undo of the unit itself: others may be restored first.
      if (!(error instanceof UnsprawlError) || error.code === "refused") throw error;
    }
  }
  for (const { earlier } of needed.values())
    for (const { name } of earlier)
      host.emit({ type: "note", level: "warn", text: `${name} goes ${AS_MOVED}`, hint: null });
  return needed;
}

/** Follows "goes" before a rollback and "is" after it. */
export const AS_MOVED = "back as it was moved; the store has a newer value, which stays there";

async function earlierValue(
  move: Move,
  stored: Secret | null,
  isMoved: (value: Secret) => boolean,
  { provider }: ApplyTools,
): Promise<{ readonly value: Secret } | MissingValue> {
  const now = `the store has ${stored === null ? "nothing" : "another value"} at ${storeKeyText(move.key)} by now`;
  if (provider.earlier === undefined) return { move, why: `${now} and keeps no earlier versions`, hint: null };
  try {
    const value = await provider.earlier(move.key, isMoved);
    if (value !== null) return { value };
    return {
      move,
      why: `${now}, and no earlier version that it still has is the value that was moved`,
      hint: null,
    };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
    return { move, why: `${now}, and its earlier versions cannot be read: ${error.message}`, hint: error.hint };
  }
}

function unavailable(all: readonly MissingValue[], { hint }: MissingValue, { id, store }: Plan): UnsprawlError {
  const names = all.map(({ move }) => move.name).join(", ");
  const why = all.map((one) => one.why).join("; ");
  const list = bare(all.map(({ move }) => shellWord(move.name)).join(", "));
  const put = cmd`keep the newer value elsewhere; write ${list} into ${store.name} as it was, from a backup, with the store's own client; then: unsprawl rollback ${id}`;
  return new UnsprawlError(
    "refused",
    `the originals can be opened only with ${names} as moved: ${why}; nothing was changed`,
    hint === null ? put : cmd`${bare(hint)}; or ${bare(put)}`,
  );
}
