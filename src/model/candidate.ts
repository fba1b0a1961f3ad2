import type { PlacedLocation } from "./location.ts";
import { mapPlace, placeText } from "./place.ts";
import type { Secret } from "./secret.ts";

/** Shown instead of a name that may itself contain a secret. */
export const HIDDEN_NAME = "…";

/** A named value that may be a secret. Exists only in memory. */
export type Candidate = {
  /**
   * The name of the variable, label or flag; "Cmd", "Entrypoint" or "Healthcheck" for a whole command. In reports it is
   * `HIDDEN_NAME` if it may contain a secret.
   */
  readonly name: string;
  readonly value: Secret;
  readonly location: PlacedLocation;
  /** Of a Cmd, the words of its Entrypoint as JSON: the engine runs the two as one command. */
  readonly lead?: string;
};

/** What stands for a command behind an entrypoint where verdicts are cached: the two decide together. */
export function withLead(text: string, lead: string): string {
  return `${lead}\0${text}`;
}

/** A copy for reports: `name` replaces the candidate's name, also in the location's path. */
export function withShownName(candidate: Candidate, name: string): Candidate {
  if (name === candidate.name) return candidate;
  const { value, location } = candidate;
  const place = mapPlace(location.place, (text) =>
    text.replaceAll(JSON.stringify(candidate.name), JSON.stringify(name)).replaceAll(candidate.name, name),
  );
  return { name, value, location: { ...location, place, path: placeText(place) } };
}
