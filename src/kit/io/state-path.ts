import { homedir } from "node:os";
import { join } from "node:path";

/** `$XDG_STATE_HOME/unsprawl` (XDG Base Directory Specification 0.8): journals, locks, the fingerprint key. */
export function statePath(env: NodeJS.ProcessEnv): string {
  const home = env["XDG_STATE_HOME"];
  return join(home?.startsWith("/") ? home : join(homedir(), ".local/state"), "unsprawl");
}
