import type { Host } from "../contract/host.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { ApplyTools } from "./apply.ts";
import { readJournal } from "./journal.ts";
import { unitsOf, unitState } from "./runs.ts";

export type Rendered = { readonly unit: string; readonly files: number };

/**
 * Puts in place again what the deliveries of a run's migrated subjects need on this host, from the store: tmpfs is
 * empty after a boot. Containers are not touched.
 */
export async function render(plan: Plan, tools: ApplyTools, host: Host): Promise<Rendered[]> {
  const { receipts } = readJournal(tools.state, plan.id);
  const rendered: Rendered[] = [];
  for (const [unit, steps] of unitsOf(plan)) {
    if (unitState(receipts, unit) !== "done") continue;
    host.signal.throwIfAborted();
    const values = new Map<string, Secret>();
    for (const step of steps) {
      if (step.kind !== "put") continue;
      const stored = await tools.provider.get(step.move.key);
      if (stored === null)
        throw new UnsprawlError(
          "absent",
          `nothing is stored at ${step.move.reference}`,
          "put it back, then render again",
        );
      tools.know(stored.value);
      values.set(step.move.name, stored.value);
    }
    const files = await tools.migration.render(steps, values, plan.id);
    if (files > 0) rendered.push({ unit, files });
  }
  return rendered;
}
