import { countText } from "../kit/text/count.ts";
import { consumerText, storeKeyText, type Plan, type RotateStep, type Step } from "../model/plan.ts";

/** What a rotation does to one secret, in the order in which every face shows it. */
export type RotationFact = {
  readonly label: "checked" | "stored" | "restarts" | "meanwhile";
  readonly text: string;
};

/** Where a secret is checked, where it is stored, who restarts, and what is valid meanwhile. */
export function rotationFacts(step: RotateStep): readonly RotationFact[] {
  return [
    { label: "checked", text: `by ${step.checkedBy}${loginText(step)}` },
    { label: "stored", text: step.entries.map(({ key }) => storeKeyText(key)).join(", ") },
    { label: "restarts", text: restartText(step) },
    { label: "meanwhile", text: overlapText(step) },
  ];
}

export const rotateSteps = (steps: readonly Step[]): readonly RotateStep[] =>
  steps.filter((step) => step.kind === "rotate");

/** How many containers restart, each counted once. */
export const restartsIn = (steps: readonly RotateStep[]): number => new Set(steps.flatMap(running)).size;

/** What is asked before a rotation begins. */
export function questionText({ steps }: Plan, isGiven: boolean): string {
  const own = rotateSteps(steps);
  const what = isGiven ? "Store the given value?" : `Make ${countText(own.length, "new value")}?`;
  const many = restartsIn(own);
  return `${what} ${many === 0 ? "No container restarts" : many === 1 ? "1 container restarts" : `${many} containers restart`}.`;
}

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
