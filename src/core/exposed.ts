import type { Plan } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import { unitsOf, unitState } from "./journal/runs.ts";

/** What a rule found and a run moved: the secrets that others could read until then. */
export type Exposed = {
  /** Null when the plan is of a version that did not say it. */
  readonly rule: string | null;
  readonly secrets: readonly { readonly name: string; readonly subject: string }[];
};

/** The secrets that a run moved and did not put back, by rule. What came from another store was exposed to nobody. */
export function exposedIn(plan: Plan, receipts: readonly Receipt[]): Exposed[] {
  const moves = [...unitsOf(plan)]
    .filter(([unit]) => unitState(receipts, unit) === "done")
    .flatMap(([, steps]) => steps.flatMap((step) => (step.kind === "put" ? [step.move] : [])))
    .filter(({ location }) => location.where !== "store");
  return [...Map.groupBy(moves, ({ finding }) => finding?.rule ?? null)].map(([rule, own]) => ({
    rule,
    secrets: own.map(({ name, location }) => ({ name, subject: location.subjectName })),
  }));
}
