import type { Candidate } from "../model/candidate.ts";
import { locationAt, type Subject, type Where } from "../model/location.ts";
import type { Place } from "../model/place.ts";
import { Secret } from "../model/secret.ts";

/** A candidate at a place in a file of this subject; `lead` as `Candidate` says. */
export function candidateAt(
  source: string,
  subject: Subject,
  where: Where,
  name: string,
  value: string,
  place: Place,
  lead = "",
): Candidate {
  const location = locationAt(source, subject, where, place);
  return { name, value: Secret.of(value), location, ...(lead === "" ? {} : { lead }) };
}
