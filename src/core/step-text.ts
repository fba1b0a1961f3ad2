import { basename } from "node:path";
import type { Step } from "../model/plan.ts";
import { subjectOfStep } from "../model/step-id.ts";

/** One line that describes a step. */
export function describeStep(step: Step): string {
  if (step.kind === "put") return `put ${step.move.name} into ${step.move.key.path}`;
  if (step.kind === "rotate") return `rotate ${step.name} (${step.checkedBy})`;
  if (step.kind === "verify") return `read ${step.move.name} back and compare`;
  if (step.kind === "deliver") return `deliver ${step.moves.map(({ name }) => name).join(", ")} by ${step.delivery}`;
  // In a unit with several subjects, the one that the step's id names.
  const whose = subjectOfStep(step);
  if (step.kind === "rewrite") return `rewrite ${step.files.map(({ file }) => basename(file)).join(", ")}`;
  if (step.kind === "clean") return `clean ${step.image.tags.join(", ")}`;
  if (step.kind === "recreate") return `recreate ${whose}`;
  return `verify ${whose}`;
}

/** How long a step may take at most, in milliseconds; null where the plan cannot tell. */
export function limitOf(step: Step): number | null {
  if (step.kind === "check") return Math.max(step.graceMs, step.healthTimeoutMs);
  if (step.kind !== "recreate" || step.outage === undefined) return null;
  const { isRunning, stopMs, startMs, update } = step.outage;
  return isRunning && update === undefined ? stopMs + startMs : null;
}
