import { countText } from "../kit/text/count.ts";
import type { Handover } from "../model/handover.ts";
import { consumerText, storeKeyText, type Plan, type RotateStep, type Step } from "../model/plan.ts";

/** What a rotation does to one secret, in the order in which every face shows it. */
export type RotationFact = {
  readonly label: "checked" | "stored" | "restarts" | "meanwhile";
  readonly text: string;
};

/** Where a secret is checked, where it is stored, who restarts, and what is valid meanwhile. */
export function rotationFacts(step: RotateStep): readonly RotationFact[] {
  const { handover } = step;
  return [
    { label: "checked", text: `by ${step.checkedBy}${handover === undefined ? loginText(step) : roleText(handover)}` },
    { label: "stored", text: handover?.role.reference ?? step.entries.map(({ key }) => storeKeyText(key)).join(", ") },
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
  const handed = own.filter(({ handover }) => handover !== undefined).length;
  const what = isGiven
    ? "Store the given value?"
    : handed > 0
      ? `Hand over ${countText(handed, "login")}?`
      : `Make ${countText(own.length, "new value")}?`;
  const many = restartsIn(own);
  return `${what} ${many === 0 ? "No container restarts" : many === 1 ? "1 container restarts" : `${many} containers restart`}.`;
}

const roleText = ({ role, store }: Handover): string =>
  `; from now on changed by the database engine at ${store.name}/, as the static role ${role.name} of ${role.connection}${role.address === "" ? "" : ` (${role.address} there)`}, every ${periodText(role.everySeconds)}`;

/** How often, for people: `30 days`. */
export function periodText(seconds: number): string {
  const [day, hour] = [86_400, 3600];
  if (seconds % day === 0) return countText(seconds / day, "day");
  return seconds % hour === 0 ? countText(seconds / hour, "hour") : countText(seconds, "second");
}

const OVERLAPS: { readonly [overlap in RotateStep["overlap"]]: string } = {
  both: "the old and the new value are accepted until every container has the new one",
  none: "the server has one value: until a container has restarted, its new connections are refused",
  application: "only the application checks it: what the old value signed or encrypted is no longer valid",
};

function overlapText({ overlap, entries, target, handover }: RotateStep): string {
  if (handover !== undefined)
    return "the engine ends the old value at once: until a container has restarted, its new connections are refused, now and each time";
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
