import { restartsIn, rotateSteps, rotationFacts } from "../../rotate/plan-text.ts";
import type { NotRotated } from "../../rotate/plan.ts";
import { paint } from "../../kit/paint.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth } from "../../kit/text/wrap.ts";
import type { Plan } from "../../model/plan.ts";

/** What a rotation would do, for a person: each secret with where it is checked, where it is stored, and who restarts. */
export function rotateText(plan: Plan, left: readonly NotRotated[], stream: NodeJS.WriteStream): string {
  const steps = rotateSteps(plan.steps);
  const width = lineWidth(stream);
  const line = (label: string, text: string): string[] =>
    hanging(`  ${label.padEnd(8)}  `, printable(text), LABEL, width);
  const lines = steps.flatMap((step) => [
    paint("bold", printable(step.unit), stream),
    ...rotationFacts(step).flatMap(({ label, text }) => line(label, text)),
    ...(step.handover === undefined ? [] : step.handover.policy.split("\n").map((one) => `    ${printable(one)}`)),
    "",
  ]);
  for (const { text } of plan.warnings) lines.push(...hanging("note  ", printable(text), 6, width));
  for (const { name, subject, reason, hint } of left)
    lines.push(
      ...hanging("not rotated  ", printable(`${subject} ${name}: ${reason}`), 13, width),
      ...hanging("  next: ", printable(hint), 8, width),
    );
  lines.push(
    `Plan ${plan.id}: ${countText(steps.length, "secret")} in ${printable(plan.store.name)} rotated; ${countText(restartsIn(steps), "container")} restarted; ${left.length} not rotated`,
  );
  return lines.join("\n");
}

const LABEL = 12;
