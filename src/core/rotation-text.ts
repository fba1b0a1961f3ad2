import { bare, cmd } from "../kit/shell.ts";
import type { DoctorCheck } from "./doctor.ts";
import type { MovedSecret } from "./rotation.ts";

const DAY_MS = 86_400_000;
/** A migrated secret is overdue if it has not been rotated within this time. */
const PATIENCE_DAYS = 7;

/** Migrated secrets that are overdue for rotation: `unsprawl watch` reminds of them. */
function overdue(secrets: readonly MovedSecret[], now: Date): readonly MovedSecret[] {
  return secrets.filter((one) => one.rotated === false && daysSince(one, now) >= PATIENCE_DAYS);
}

/** One check for all rotated secrets, and one for each that is not rotated. */
export function rotationChecks(secrets: readonly MovedSecret[], now: Date): DoctorCheck[] {
  const name = "rotation";
  const rotated = secrets.filter((one) => one.rotated === true).length;
  const done =
    secrets.length === 0
      ? "nothing was moved"
      : `${rotated} of ${secrets.length} moved secret${secrets.length === 1 ? " has" : "s have"} been rotated since`;
  const late = new Set(overdue(secrets, now));
  const open = secrets.filter((one) => one.rotated !== true);
  return [
    { name, ok: true, text: done, hint: null },
    ...open.map((one) => ({ name, ok: !late.has(one), text: lineOf(one, now), hint: hintOf(one) })),
  ];
}

/** The daily reminder of `unsprawl watch`; null if nothing is overdue. */
export function rotationReminder(secrets: readonly MovedSecret[], now: Date): string | null {
  const late = overdue(secrets, now);
  const [first] = late;
  if (first === undefined) return null;
  const more = late.length > 1 ? `, and ${late.length - 1} more` : "";
  return `not rotated yet: ${lineOf(first, now)}${more}; unsprawl doctor lists them`;
}

function lineOf(one: MovedSecret, now: Date): string {
  const what = `${one.name} of ${one.subject}, now in ${one.store} at ${one.key}`;
  if (one.rotated === null) return `${what}: whether it has been rotated cannot be told: ${one.why ?? ""}`;
  const days = daysSince(one, now);
  const since = days === 0 ? "today" : days === 1 ? "yesterday" : `${days} days ago`;
  return `${what}: could be read until it was moved ${since}, and is the same still`;
}

function hintOf({ rotated, rule, store }: MovedSecret): string {
  if (rotated === null) return cmd`unsprawl stores check ${store}`;
  const how = rule === null ? "" : cmd`unsprawl rules show ${rule} says how to rotate it; `;
  return cmd`${bare(how)}the new value goes into the store alone`;
}

const daysSince = ({ movedAt }: MovedSecret, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - Date.parse(movedAt)) / DAY_MS));
