import type { Location } from "./location.ts";
import type { Secret } from "./secret.ts";

/** Shown in place of a name that may hold a secret itself. */
export const HIDDEN_NAME = "…";

/** A named value that may be a secret. Lives in memory only. */
export type Candidate = {
  /** The variable's, label's or flag's name (`HIDDEN_NAME` in what is told, when it may hold a secret itself); "Cmd", "Entrypoint" or "Healthcheck" for a whole command. */
  readonly name: string;
  readonly value: Secret;
  readonly location: Location;
};

/** The same, to be told: with the name, and the path that ends in it, as they may be shown. */
export function toldAs(candidate: Candidate, name: string): Candidate {
  if (name === candidate.name) return candidate;
  const { value, location } = candidate;
  const path = location.path.replaceAll(JSON.stringify(candidate.name), JSON.stringify(name));
  return { name, value, location: { ...location, path: path.replaceAll(candidate.name, name) } };
}
