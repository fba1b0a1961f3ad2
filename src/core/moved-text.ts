import { countText } from "../kit/text/count.ts";
import type { Plan, Step } from "../model/plan.ts";
import { isFromStore } from "./compare-stores.ts";
import { unitsOf } from "./journal/runs.ts";
import { secretsOfSteps } from "./plan-secrets.ts";

/** `3 secrets in 2 containers, 1 file`. */
export function movedText(plan: Plan): string {
  const secrets = countText(secretsOfSteps(plan.steps), "secret");
  return plan.steps.length === 0 ? secrets : `${secrets} in ${changedText(plan)}`;
}

/** What a plan changes, by what it is: `2 services`, `1 container, 1 image`. */
export function changedText(plan: Plan): string {
  const counts = new Map<string, number>();
  for (const steps of unitsOf(plan).values()) {
    const recreated = steps.filter((step) => step.kind === "recreate");
    const noun = nounOf(steps);
    const entries = noun === "entry" ? steps.filter((step) => step.kind === "put") : [];
    counts.set(noun, (counts.get(noun) ?? 0) + Math.max(1, recreated.length, entries.length));
  }
  return [...counts]
    .map(([noun, count]) =>
      noun === "entry" ? countText(count, "store entry", "store entries") : countText(count, noun),
    )
    .join(", ");
}

function nounOf(steps: readonly Step[]): "container" | "service" | "image" | "file" | "entry" {
  if (isFromStore(steps)) return "entry";
  if (steps.some(({ kind }) => kind === "clean")) return "image";
  const isRewritten = steps.some(({ kind }) => kind === "rewrite");
  const recreate = steps.find((step) => step.kind === "recreate");
  if (recreate === undefined) return isRewritten ? "file" : "container";
  // Compose and Swarm recreate the containers of a service.
  return isRewritten || recreate.outage?.update !== undefined ? "service" : "container";
}
