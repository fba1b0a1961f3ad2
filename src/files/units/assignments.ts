import { cmd } from "../../kit/shell.ts";
import type { Location } from "../../model/location.ts";
import { lineOfLocation, lineText } from "../file-migration.ts";
import { effectiveAssignments, readUnit } from "./unit-environment.ts";
import type { Assignment } from "./unit-model.ts";
import type { Refusal } from "../../model/plan.ts";

/** The assignment of a unit that is at a location now; null if there is none. */
export async function assignmentOf(location: Location): Promise<Assignment | null> {
  return at((await readUnit(location.subjectId)).assignments, location);
}

function at(assignments: readonly Assignment[], location: Location): Assignment | null {
  const place = lineOfLocation(location);
  const here = ({ file, line, name }: Assignment): boolean =>
    file === place.file && line === place.line && name === place.name;
  return assignments.findLast(here) ?? null;
}

/** The assignment at a location, or why it cannot be moved, whatever the delivery. */
export async function movableAssignment(location: Location): Promise<Assignment | Refusal> {
  const unit = await readUnit(location.subjectId);
  const found = at(unit.assignments, location);
  if (found === null) return { reason: "is no longer there", hint: "unsprawl scan again" };
  const effective = effectiveAssignments(unit);
  if (!effective.has(found)) {
    const over = [...effective].find((one) => one.name === found.name);
    const by = over === undefined ? "Environment= without a value" : lineText(over.file, over.line, over.name);
    return withoutEffect(`${by} comes after it`, found);
  }
  if (found.fault === null) return found;
  const byPodman = found.by.kind === "word" && found.by.setting.section === "Container";
  const hint = byPodman
    ? "write its value in full, on one line, with $$ for each $ in it, then plan again"
    : "write its value in full, on one line, then plan again";
  return { reason: found.fault, hint };
}

/** The refusal of an assignment that nothing reads. */
export function withoutEffect(why: string, { file, line }: Pick<Assignment, "file" | "line">): Refusal {
  return {
    reason: `has no effect: ${why}`,
    hint: cmd`take it out of ${file}, line ${line}, and rotate it if it is still valid`,
    elsewhere: true,
  };
}
