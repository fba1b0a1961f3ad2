import { join } from "node:path";
import { stateHome } from "../home.ts";

/** `$XDG_STATE_HOME/unsprawl` (XDG Base Directory Specification 0.8): journals, locks, the fingerprint key. */
export function statePath(env: NodeJS.ProcessEnv): string {
  return join(stateHome(env), "unsprawl");
}
