import pMap from "p-map";
import type { Host } from "../contract/host.ts";
import { subjectFault, UnsprawlError } from "../model/error.ts";
import { valueKey, type Plan, type Step } from "../model/plan.ts";
import { cmd } from "../kit/shell.ts";
import { OLDER_VALUE, type DatedValue, type HandedOut } from "./handed-out.ts";
import type { RenderJournal } from "./journal/render-journal.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";
import { mustBeOwnValue, type KnownRuns } from "./journal/taken-over.ts";
import type { ApplyTools } from "./apply-tools.ts";

/** The result for one unit: how many files were written, or why none were. */
export type Rendered = { readonly unit: string; readonly files: number; readonly error: UnsprawlError | null };

/**
 * Writes the files that the deliveries of migrated units need on this host again, from the store: tmpfs is empty after
 * a boot. Does not touch containers and does not need the engine. A unit that fails does not stop the others: also one
 * whose entry another unit has taken over, as the `known` runs say.
 */
export async function render(
  { plan, receipts }: Pick<RenderJournal, "plan" | "receipts">,
  tools: ApplyTools,
  host: Host,
  known: KnownRuns,
  handedOut: HandedOut | null,
): Promise<Rendered[]> {
  const record = {
    last: (step: string) => receipts.findLast((receipt) => receipt.step === step)?.data ?? null,
  };
  const rendered: Rendered[] = [];
  const stateOf = unitStates(receipts);
  for (const [unit, steps] of unitsOf(plan)) {
    if (stateOf(unit) !== "done") continue;
    host.signal.throwIfAborted();
    try {
      const given = await storedValues(steps, plan, tools, known, handedOut);
      const values = new Map(given.map((one) => [one.key, one.value]));
      const files = await tools.migration.render(steps, values, plan, record);
      await handedOut?.record(given);
      if (files > 0) rendered.push({ unit, files, error: null });
    } catch (error) {
      rendered.push({ unit, files: 0, error: subjectFault(error) });
    }
  }
  return rendered;
}

async function storedValues(
  steps: readonly Step[],
  plan: Plan,
  tools: ApplyTools,
  known: KnownRuns,
  handedOut: HandedOut | null,
): Promise<readonly (DatedValue & { readonly key: string })[]> {
  const values: (DatedValue & { readonly key: string })[] = [];
  // Only deliveries with files on this host need values here.
  if (!steps.some((step) => step.kind === "deliver" && step.delivery !== "runtime")) return values;
  const moves = steps.flatMap((step) => (step.kind === "put" ? [step.move] : []));
  const fetched = await pMap(moves, (move) => tools.provider.get(move.key), { concurrency: 8 });
  for (const [at, move] of moves.entries()) {
    const stored = fetched[at] ?? null;
    if (stored === null) {
      const text = `nothing is stored at ${move.reference}`;
      throw new UnsprawlError("absent", text, "put it back, then render again");
    }
    tools.know(stored.value);
    const { name, reference } = move;
    const own = { unit: steps[0]?.unit ?? "", engine: plan.engine.id };
    const given = { ...stored, name, reference, store: plan.store };
    mustBeOwnValue(given, own, known);
    handedOut?.mustBeNewer(given, [own], known, cmd`unsprawl render ${plan.id} --accept ${OLDER_VALUE}`);
    values.push({ ...given, key: valueKey(move) });
  }
  return values;
}
