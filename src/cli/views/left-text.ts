import { printable } from "../../kit/text/escape.ts";
import type { Finding } from "../../model/finding.ts";

/** Findings that are named; more are counted. */
const NAMED = 6;

/** Why a migration that went well exits 3: the findings at or above `--fail-on` that it leaves, each with its place. */
export function leftText(left: readonly Finding[]): string {
  const what = left.length === 1 ? "1 secret was not moved" : `${left.length} secrets were not moved`;
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : "";
  return `exit 3: ${what}: ${printable(left.slice(0, NAMED).map(placeIn).join(", "))}${more} (reasons under "Not moved")`;
}

function placeIn({ name, location: { place, subjectName } }: Finding): string {
  return place?.kind === "line" ? `${name} in ${place.file}:${place.line}` : `${name} in ${subjectName}`;
}
