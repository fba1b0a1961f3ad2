import { UnsprawlError } from "../model/error.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { valueKey, type Move, type Step } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { isFromStore } from "./compare-stores.ts";
import type { Journal } from "./journal/journal.ts";
import { isValueOf } from "./journal/trace.ts";
import type { ApplyTools } from "./apply-tools.ts";

/**
 * Reads the values of a unit into `values`, by `valueKey`. Throws `changed` if one differs from the plan. Those of another
 * store are not registered for redaction: who meets an error does that, since they are too many to be kept.
 */
export async function readValues(
  steps: readonly Step[],
  { receipts }: Journal,
  tools: ApplyTools,
  values: Map<string, Secret>,
): Promise<void> {
  const isKnown = !isFromStore(steps);
  for (const { id, move, unit } of steps.filter((step) => step.kind === "put")) {
    const isMeant = (value: Secret | null): value is Secret =>
      value !== null && fingerprint(value, tools.key) === move.fingerprint;
    let value = await tools.migration.read(move, unit);
    // A resumed run may have removed the value from its place already, but only after storing it.
    if (!isMeant(value) && receipts.some((one) => one.step === id && one.state === "done"))
      value = (await tools.provider.get(move.key))?.value ?? null;
    if (!isMeant(value)) {
      throw new UnsprawlError("changed", `${move.name} of ${unit} is not what the plan saw`, "unsprawl plan again");
    }
    if (isKnown) tools.know(value);
    values.set(valueKey(move), value);
  }
}

/**
 * The values of a unit from their places, or from the store if they are no longer there. Throws `absent`, or what the
 * store throws.
 */
export async function recallValues(steps: readonly Step[], tools: ApplyTools): Promise<Map<string, Secret>> {
  const values = new Map<string, Secret>();
  for (const { move, unit } of steps.filter((step) => step.kind === "put")) {
    const isMoved = (value: Secret | null): value is Secret =>
      value !== null && isValueOf(move.fingerprint, value, tools.key);
    const placed = await tools.migration.read(move, unit);
    const found = isMoved(placed) ? placed : ((await tools.provider.get(move.key))?.value ?? null);
    if (!isMoved(found))
      throw new UnsprawlError("absent", `${move.name} of ${unit} is neither in its place nor in the store`);
    tools.know(found);
    values.set(valueKey(move), found);
  }
  return values;
}

export function valueOf(values: ReadonlyMap<string, Secret>, move: Move): Secret {
  const value = values.get(valueKey(move));
  if (!value) throw new UnsprawlError("malformed", `the plan has no put step for ${move.name}`, "unsprawl plan again");
  return value;
}
