import { secretsLeft } from "../../core/plan-secrets.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import type { Finding } from "../../model/finding.ts";
import type { NotMoved } from "../../model/plan.ts";

/** Findings that are named; more are counted. */
const NAMED = 6;

/** Why a migration that went well exits 3: the findings at or above `--fail-on` that it leaves, each with its place. */
export function leftText(left: readonly Pick<NotMoved, "finding" | "elsewhere">[]): string {
  const stay = left.filter(({ elsewhere }) => elsewhere !== true);
  if (stay.length === 0) return `exit 3: everything in use was moved; ${named(left, "stays", "Elsewhere")}`;
  return `exit 3: ${named(stay, "was not moved", "Not moved")}`;
}

function named(left: readonly Pick<NotMoved, "finding">[], what: string, title: string): string {
  const secrets = secretsLeft(left);
  const verb = secrets === 1 ? what : what.replace("stays", "stay").replace("was", "were");
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : "";
  const places = left.slice(0, NAMED).map(({ finding }) => placeIn(finding));
  return `${countText(secrets, "secret")} ${verb}: ${printable(places.join(", "))}${more} (reasons under "${title}")`;
}

function placeIn({ name, location: { place, subjectName } }: Finding): string {
  return place?.kind === "line" ? `${name} in ${place.file}:${place.line}` : `${name} in ${subjectName}`;
}
