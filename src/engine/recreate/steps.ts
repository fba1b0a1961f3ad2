import type { PlanOptions } from "../../contract/migration.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { DeliverStep, DeliveryName, Move, Plan, RecreateStep, StepOf } from "../../model/plan.ts";
import { stepId, type StepName } from "../../model/step-id.ts";

/** What gets its values in another way: a unit, or one part of it. */
export type Recipient = {
  readonly unit: string;
  readonly part?: string;
  readonly delivery: DeliveryName;
  readonly moves: readonly Move[];
};

export function deliverStep({ part, ...to }: Recipient, why: string): DeliverStep {
  return { id: idOf("deliver", to.unit, part), kind: "deliver", why, ...to };
}

export function recreateStep(
  { part, ...to }: Recipient,
  what: Omit<RecreateStep, keyof Recipient | "id" | "kind">,
): RecreateStep {
  return { id: idOf("recreate", to.unit, part), kind: "recreate", ...what, ...to };
}

export function checkStep(
  { part, ...to }: Recipient,
  tolerated: StepOf<"check">["tolerated"],
  { graceMs, healthTimeoutMs, accept }: PlanOptions,
): StepOf<"check"> {
  return {
    ...{ id: idOf("check", to.unit, part), kind: "check", graceMs, healthTimeoutMs, tolerated },
    ...(accept.has("unread") ? { unread: true } : {}),
    ...to,
  };
}

/** The step of a plan that recreates a unit. Throws `malformed` for a plan without such a step. */
export function recreateStepOf({ steps }: Pick<Plan, "steps">, unit: string): RecreateStep {
  const found = steps.find((step): step is RecreateStep => step.kind === "recreate" && step.unit === unit);
  if (found) return found;
  throw new UnsprawlError("malformed", `the plan has no recreate step for ${unit}`, "unsprawl plan again");
}

const idOf = (kind: StepName["kind"], unit: string, part: string | undefined): string =>
  stepId({ kind, unit, ...(part === undefined ? {} : { part }) });
