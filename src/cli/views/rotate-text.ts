import type { NotRotated } from "../../rotate/plan.ts";
import { paint } from "../../kit/paint.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth } from "../../kit/text/wrap.ts";
import { consumerText, storeKeyText, type Plan, type RotateStep } from "../../model/plan.ts";

/** What a rotation would do, for a person: each secret with where it is checked, where it is stored, and who restarts. */
export function rotateText(plan: Plan, left: readonly NotRotated[], stream: NodeJS.WriteStream): string {
  const steps = plan.steps.filter((step): step is RotateStep => step.kind === "rotate");
  const width = lineWidth(stream);
  const line = (label: string, text: string): string[] => hanging(`  ${label}  `, printable(text), LABEL, width);
  const lines = steps.flatMap((step) => [
    paint("bold", printable(step.unit), stream),
    ...line("checked ", `by ${step.checkedBy}${loginText(step)}`),
    ...line("stored  ", step.entries.map(({ key }) => storeKeyText(key)).join(", ")),
    ...line("restarts", restartText(step)),
    ...line("meanwhile", overlapText(step)),
    "",
  ]);
  for (const { text } of plan.warnings) lines.push(...hanging("note  ", printable(text), 6, width));
  for (const { name, subject, reason, hint } of left)
    lines.push(
      ...hanging("not rotated  ", printable(`${subject} ${name}: ${reason}`), 13, width),
      ...hanging("  next: ", printable(hint), 8, width),
    );
  lines.push(
    `Plan ${plan.id}: ${countText(steps.length, "secret")} in ${printable(plan.store.name)} rotated; ${countText(restarting(steps), "container")} restarted; ${left.length} not rotated`,
  );
  return lines.join("\n");
}

/** What is asked before a rotation begins. */
export function questionText({ steps }: Plan, isGiven: boolean): string {
  const own = steps.filter((step): step is RotateStep => step.kind === "rotate");
  const what = isGiven ? "Store the given value?" : `Make ${countText(own.length, "new value")}?`;
  const many = restarting(own);
  return `${what} ${many === 0 ? "No container restarts" : many === 1 ? "1 container restarts" : `${many} containers restart`}.`;
}

/** How many containers restart, each counted once. */
const restarting = (steps: readonly RotateStep[]): number => new Set(steps.flatMap(running)).size;

const LABEL = 12;

const OVERLAPS: { readonly [overlap in RotateStep["overlap"]]: string } = {
  both: "the old and the new value are accepted until every container has the new one",
  none: "the server has one value: until a container has restarted, its new connections are refused",
  application: "only the application checks it: what the old value signed or encrypted is no longer valid",
};

function overlapText({ overlap, entries, target }: RotateStep): string {
  const list = entries.find(({ role }) => role === "previous");
  if (list !== undefined) return `what the old value signed or encrypted stays valid: ${list.name} takes it in`;
  const { variable } = (target["previous"] ?? {}) as { readonly variable?: string };
  if (variable === undefined) return OVERLAPS[overlap];
  return `${OVERLAPS[overlap]}, unless ${variable} is migrated first, with the old value in it`;
}

const running = ({ consumers }: Pick<RotateStep, "consumers">): readonly string[] =>
  consumers.flatMap((one) => (one.isRunning ? consumerText(one) : []));

function restartText(step: RotateStep): string {
  const stopped = step.consumers.filter(({ isRunning }) => !isRunning).map(consumerText);
  const later = stopped.length === 0 ? "" : `; ${stopped.join(", ")} at the next start`;
  const now = running(step);
  return `${now.length === 0 ? "nobody" : now.join(", then ")}${later}`;
}

function loginText({ login, rotator }: RotateStep): string {
  if (login.kind === "first-init") return `; changed by ${login.user}, of the container ${login.container}`;
  return rotator === "application" ? "" : "; it changes itself";
}
