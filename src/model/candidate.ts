import type { Location } from "./location.ts";
import type { Secret } from "./secret.ts";

/** A named value that may be a secret. Lives in memory only. */
export type Candidate = {
  /** The variable's, label's or flag's name; "Cmd", "Entrypoint" or "Healthcheck" for a whole command. */
  readonly name: string;
  readonly value: Secret;
  readonly location: Location;
};
