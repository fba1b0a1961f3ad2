import { bare, cmd } from "../kit/shell.ts";
import { countText } from "../kit/text/count.ts";
import type { DoctorCheck } from "./doctor.ts";
import type { MovedSecret } from "./rotation.ts";

const DAY_MS = 86_400_000;
/** A migrated secret is overdue if it has not been rotated within this time. */
const PATIENCE_DAYS = 7;

/**
 * Whether a migrated secret is overdue for rotation: it was not rotated since it was moved, or longer ago than the
 * configuration says. `unsprawl watch` reminds of these.
 */
export function isOverdue(one: MovedSecret, now: Date): boolean {
  const patience = patienceDays(one);
  return patience !== null && daysSince(one, now) >= patience;
}

/** After how many days without a rotation a secret is overdue; null for never. */
export function patienceDays({ rotation, rotatedAt, everyDays }: MovedSecret): number | null {
  if (rotation === "same") return Math.min(PATIENCE_DAYS, everyDays ?? PATIENCE_DAYS);
  return rotation === "rotated" && rotatedAt !== null ? everyDays : null;
}

/**
 * What became of migrated secrets. `used` are the references that applications still need: one that its store no longer
 * has keeps them from starting. Those that have the same fate share a line.
 */
export function rotationChecks(
  secrets: readonly MovedSecret[],
  used: ReadonlyMap<string, string>,
  now: Date,
): DoctorCheck[] {
  const name = "rotation";
  const late = new Set(secrets.filter((one) => isOverdue(one, now)));
  const rotated = secrets.filter((one) => one.rotation === "rotated" && !late.has(one));
  const fresh = secrets.filter((one) => one.rotation === "same" && !late.has(one));
  const unknown = Map.groupBy(
    secrets.filter((one) => one.rotation === "unknown"),
    ({ store, why }) => JSON.stringify([store, why]),
  );
  return [
    ...(secrets.length === 0 ? [{ name, state: "ok", text: "nothing was moved", hint: null } as const] : []),
    ...(rotated.length === 0 ? [] : [rotatedCheck(rotated, secrets.length)]),
    ...(fresh.length === 0 ? [] : [freshCheck(fresh)]),
    ...[...late].map((one): DoctorCheck => ({ name, state: "fail", text: lateText(one, now), hint: hintOf(one) })),
    ...secrets.filter((one) => one.rotation === "gone").map((one) => goneCheck(one, used.get(one.reference) ?? null)),
    ...[...unknown.values()].map((all): DoctorCheck => {
      const [first] = all;
      const text = `whether ${named(all)} ${all.length === 1 ? "has" : "have"} been rotated is not known: ${first?.why ?? ""}`;
      return { name, state: "unknown", text, hint: cmd`unsprawl stores check ${first?.store ?? ""}` };
    }),
  ];
}

function rotatedCheck(rotated: readonly MovedSecret[], of: number): DoctorCheck {
  const many = rotated.length > 1;
  const text =
    rotated.length === of
      ? `${many ? `all ${of} moved secrets have` : "the moved secret has"} been rotated since`
      : `${named(rotated)} ${many ? "have" : "has"} been rotated since ${many ? "they were" : "it was"} moved`;
  return { name: "rotation", state: "ok", text, hint: null };
}

function freshCheck(all: readonly MovedSecret[]): DoctorCheck {
  const [one] = all;
  const many = all.length > 1;
  return {
    name: "rotation",
    state: "warn",
    text: `${named(all)} ${many ? "were" : "was"} exposed until moved, and ${many ? "are" : "is"} not rotated yet`,
    hint:
      !many && one !== undefined
        ? hintOf(one)
        : "unsprawl rotate --dry-run shows which of them it can rotate; unsprawl rules show RULE says how for the others",
  };
}

function goneCheck(one: MovedSecret, consumer: string | null): DoctorCheck {
  const text = `${one.name} is no longer in ${one.store} at ${one.key}`;
  const hint = cmd`put it back; unsprawl stores check ${one.store}`;
  return consumer === null
    ? { name: "store", state: "warn", text: `${text}; nothing here is known to need it`, hint: null }
    : { name: "store", state: "fail", text: `${text}; ${consumer} needs it at its next start`, hint };
}

/** The daily reminder of `unsprawl watch`; null if nothing is overdue. */
export function rotationReminder(secrets: readonly MovedSecret[], now: Date): string | null {
  const late = secrets.filter((one) => isOverdue(one, now));
  const [first] = late;
  if (first === undefined) return null;
  const more = late.length > 1 ? `, and ${late.length - 1} more` : "";
  return `rotation is due: ${lateText(first, now)}${more}; unsprawl doctor lists them`;
}

function lateText(one: MovedSecret, now: Date): string {
  const what = `${one.name} of ${one.subject}, now in ${one.store} at ${one.key}`;
  const days = countText(daysSince(one, now), "day");
  if (one.rotation === "rotated") return `${what}: rotated ${days} ago, and every ${one.everyDays} days is wanted`;
  return `${what}: exposed until it was moved ${days} ago, and not rotated yet`;
}

/** The first three by name, and how many more. */
function named(all: readonly MovedSecret[]): string {
  const shown = all.slice(0, 3).map(({ name, subject }) => `${name} of ${subject}`);
  return `${shown.join(", ")}${all.length > 3 ? ` and ${all.length - 3} more` : ""}`;
}

function hintOf({ rule, run, name }: MovedSecret): string {
  const how = rule === null ? "" : cmd`; by hand: unsprawl rules show ${rule}`;
  return cmd`unsprawl rotate ${run} --only ${name} --dry-run shows whether it can be done from here${bare(how)}`;
}

/** How many whole days ago a secret was rotated, or migrated if that was not seen. */
export const daysSince = ({ movedAt, rotatedAt }: MovedSecret, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - Date.parse(rotatedAt ?? movedAt)) / DAY_MS));
