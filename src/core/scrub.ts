import pMap from "p-map";
import type { Host } from "../contract/host.ts";
import type { Work } from "../contract/migration.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type Plan, type PutStep, type Step } from "../model/plan.ts";
import { locked } from "./apply.ts";
import { isFromStore } from "./compare-stores.ts";
import { eachUnit } from "./each-unit.ts";
import { forgetValues } from "./forget.ts";
import { heldKeys, mustBeBackedUp, type HeldKey } from "./key-files.ts";
import { finishScrub, openJournal, readJournal, type Installation, type Journal } from "./journal/journal.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";
import { stayingEntries, type StayingEntries } from "./old-entries.ts";
import { STORE_UNITS } from "./read-ahead.ts";
import { dropBackup } from "./store-steps.ts";
import { recallValues } from "./values.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** Of what is gone when a scrub fails. */
const MOST_NAMED = 5;

export type ScrubResult = {
  readonly version: 1;
  readonly run: string;
  readonly removed: readonly string[];
  /** What could not be deleted, and what to type. */
  readonly left: readonly string[];
  /** The keys on this machine that alone open the values. */
  readonly keyFiles: readonly HeldKey[];
};

/**
 * Deletes what a finished run kept for rollback: the old containers and replaced store values. Refuses while a new
 * container is not up, while the store lacks a value, and while nobody has confirmed a backup of a key that alone opens
 * the values. Afterwards the run cannot be rolled back, and no value can be guessed from its journal.
 */
export async function scrub(id: string, tools: ApplyTools, host: Host): Promise<ScrubResult> {
  const { plan, receipts: before } = mustBeFinished(id, tools);
  const units = [...unitsOf(plan)];
  const stateBefore = unitStates(before);
  const moved = units.flatMap(([unit, steps]) => (stateBefore(unit) === "done" ? steps : []));
  // Of a run that was scrubbed before nothing is kept: it is only searched for again.
  const isKept = !before.some(({ step, state }) => step === "scrub" && state === "done");
  if (tools.readOnly !== true && isKept) await mustBeBackedUp(id, moved, tools, host);
  return locked(plan, tools, async () => {
    if (isKept) await mustBeStored(moved, plan, tools);
    const journal = openJournal(tools, id);
    const { record, receipts } = journal;
    const [left, gone]: [string[], string[]] = [[], []];
    const stateOf = unitStates(receipts);
    const done = units.filter(([unit]) => stateOf(unit) === "done");
    const stays = stayingEntries(journal, tools);
    record.intent("scrub");
    const removed = await eachUnit(done, async (unit, steps) => {
      host.signal.throwIfAborted();
      const work: Work = {
        plan,
        record,
        signal: host.signal,
        values: new Map(),
        recall: () => recallValues(steps, tools),
        say: (text) => left.push(text),
        phase: () => undefined,
        quote: tools.quote,
      };
      const going = isFromStore(steps) ? await goingEntries(steps, stays, left) : steps;
      // Just before the old ones go: the look at the beginning may be an hour old.
      if (going !== steps) await mustBeStored(going, plan, tools, true);
      const deleted = await tools.migration.scrub(going, work);
      gone.push(...deleted);
      for (const step of steps) if (step.kind === "put") await dropBackup(tools.provider, step, plan);
      record.done(`scrub:${unit}`);
      return deleted;
    }).catch((error: unknown) => {
      journal.close();
      throw repeatable(error, id, gone);
    });
    journal.close();
    finishScrub(tools, id, await forgetValues(plan, tools));
    return { version: 1, run: id, removed: removed.flat(), left, keyFiles: await heldKeys(moved, tools) };
  });
}

/** An error in the middle of a scrub, with what is `gone`: once its cause is, the same command deletes the rest. */
function repeatable(error: unknown, id: string, gone: readonly string[]): unknown {
  if (!(error instanceof UnsprawlError)) return error;
  const { code, message, hint, cause } = error;
  const first = hint === null ? "" : `${hint}; then: `;
  const named =
    gone.slice(0, MOST_NAMED).join(", ") + (gone.length > MOST_NAMED ? ` and ${gone.length - MOST_NAMED} more` : "");
  const said = `${message}; what the run kept is deleted in part${named === "" ? "" : ` (${named})`}`;
  return new UnsprawlError(code, said, cmd`${bare(first)}unsprawl scrub ${id}`, cause as string | undefined);
}

/** The steps whose old entries may be removed; why the others stay is added to `left`. */
async function goingEntries(steps: readonly Step[], stays: StayingEntries, left: string[]): Promise<readonly Step[]> {
  const going: Step[] = [];
  for (const step of steps) {
    const why = await stays(step);
    if (why === null) going.push(step);
    else left.push(why);
  }
  return going;
}

/**
 * Throws `refused` if the store has no value where the run put one: what the run keeps may be the last copy. Another value
 * is newer: it was rotated.
 */
async function mustBeStored(
  steps: readonly Step[],
  { id, store }: Plan,
  { provider }: ApplyTools,
  begun = false,
): Promise<void> {
  const puts = steps.filter((step) => step.kind === "put");
  const isThere = async ({ move }: PutStep): Promise<boolean> => (await provider.get(move.key)) !== null;
  const there = await pMap(puts, isThere, { concurrency: isFromStore(steps) ? STORE_UNITS : 1 });
  const step = puts[there.indexOf(false)];
  if (step !== undefined)
    throw new UnsprawlError(
      "refused",
      `${step.move.name} of ${step.unit} is no longer in the store ${store.name} (${storeKeyText(step.move.key)}), so what the run kept may be its last copy: ${begun ? "it stays" : "nothing was deleted"}`,
      begun ? cmd`unsprawl runs ${id} shows where the values are` : cmd`unsprawl rollback ${id}`,
    );
}

/** The journal of a run without a half-done unit. Throws `refused` for any other. */
export function mustBeFinished(id: string, installation: Installation): Pick<Journal, "plan" | "receipts"> {
  const journal = readJournal(installation, id);
  if ([...unitsOf(journal.plan).keys()].map(unitStates(journal.receipts)).includes("begun"))
    throw new UnsprawlError("refused", `run ${id} is unfinished`, cmd`unsprawl resume ${id}`);
  return journal;
}
