import { basename, dirname } from "node:path";
import type { Selected, UnitPlan } from "../../src/contract/migration.ts";
import { lineOfLocation, lineText } from "../../src/files/file-migration.ts";
import { leftIn } from "../../src/files/left.ts";
import { effectiveAssignments } from "../../src/files/units/unit-environment.ts";
import { isQuadlet } from "../../src/files/units/unit-kinds.ts";
import type { Assignment, SystemdUnit } from "../../src/files/units/unit-model.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { Refusal } from "../../src/model/plan.ts";
import { filledFrom, isAt, type EntryPlace } from "./filled.ts";
import { variablesOf } from "./health.ts";
import { inCommand, secretFor } from "./refuse.ts";
import type { EnvFileReader, Units } from "./sharing.ts";

/**
 * The findings that stay because something else does: another container that has them from a shared file, or the variable
 * that they are a part of.
 */
export async function leftShared(selected: readonly Selected[], units: Units): Promise<NonNullable<UnitPlan["left"]>> {
  const left = new Map<Selected, Refusal>();
  // What stays may be what keeps another.
  for (let found = 1; found > 0;) {
    const moving = selected.filter((one) => !left.has(one));
    const keys = new Set(moving.map(({ move: { location } }) => key(location.subjectId, lineOfLocation(location))));
    found = 0;
    for (const one of moving) {
      const why =
        (await keptInCheck(one, keys, units)) ??
        (await keptInFile(one, keys, units)) ??
        (await keptInPart(one, keys, units));
      if (why === null) continue;
      left.set(one, why);
      found++;
    }
  }
  return [...left].map(([one, { reason, hint }]) => ({ selected: one, reason, hint }));
}

/** A value of a health check moves with the variable that has it. */
async function keptInCheck(
  { move: { location, name } }: Selected,
  moving: ReadonlySet<string>,
  units: Units,
): Promise<Refusal | null> {
  if (location.where !== "cmd") return null;
  const variable = variablesOf(await units.unit(location.subjectId)).find((one) => one.name === name);
  if (variable === undefined) return inCommand("HealthCmd");
  if (variable.by.kind === "word" || moving.has(key(location.subjectId, variable))) return null;
  return {
    reason: `is the value of ${lineText(variable.file, variable.line, name)}, which stays`,
    hint: cmd`unsprawl plan systemd:${dirname(location.subjectId)} --to STORE without --only; or see why that stays`,
  };
}

/** A line that leaves a file leaves it for all who read it. */
async function keptInFile(
  { move: { location } }: Selected,
  moving: ReadonlySet<string>,
  units: Units,
): Promise<Refusal | null> {
  const { subjectId } = location;
  const place = lineOfLocation(location);
  const keeping: string[] = [];
  for (const reader of await units.readersOf(subjectId, place.file))
    keeping.push(...(await keepersIn(reader, place, moving, units)));
  if (keeping.length === 0) return null;
  return {
    reason: `${lineText(place.file, place.line, place.name)} is a variable of ${keeping.join(", ")} too, and stays there`,
    hint: cmd`unsprawl plan systemd:${dirname(subjectId)} --to STORE moves it for all of them`,
  };
}

async function keepersIn(
  { unit, container, host }: EnvFileReader,
  place: EntryPlace,
  moving: ReadonlySet<string>,
  units: Units,
): Promise<readonly string[]> {
  const isMoving = moving.has(key(unit, place));
  if (!isMoving && container.has(place.file) && hasFrom(await units.unit(unit), place)) return [basename(unit)];
  if (!host.has(place.file) || !isQuadlet(unit)) return [];
  const filled = filledFrom(await units.unit(unit), place);
  if (filled === null) return [];
  if (!isMoving && filled.users.length > 0) return [basename(unit)];
  return filled.composed
    .filter((one) => !moving.has(key(unit, one)))
    .map(({ name }) => `${basename(unit)} (in ${name})`);
}

/** A value that systemd fills in parts of: what such a part comes from must not stay. */
async function keptInPart(one: Selected, moving: ReadonlySet<string>, units: Units): Promise<Refusal | null> {
  const { subjectId } = one.move.location;
  const place = lineOfLocation(one.move.location);
  const { assignments } = await units.unit(subjectId);
  const from = assignments.find((other) => isAt(other, place))?.filledFrom ?? [];
  const staying = from.filter((source) => !moving.has(key(subjectId, source)));
  const texts = staying.map(({ file, line, name, value }) => ({
    ...{ place: lineText(file, line, name), text: value, isOneLine: true as const },
  }));
  const found = leftIn([one], texts).find(({ isPlain }) => !isPlain);
  if (found === undefined) return null;
  return {
    reason: `${found.place} is filled into it, and stays there`,
    hint: cmd`unsprawl plan systemd:${dirname(subjectId)} --to STORE without --only; or see why that stays`,
  };
}

/** Whether a container has its variable from there. */
function hasFrom(unit: SystemdUnit, place: EntryPlace): boolean {
  const has = [...effectiveAssignments(unit)].some((one) => isAt(one, place));
  return has && secretFor(unit, place.name) === null;
}

const key = (unit: string, { file, line, name }: EntryPlace | Assignment): string =>
  JSON.stringify([unit, file, line, name]);
