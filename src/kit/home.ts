import { userInfo } from "node:os";
import { join } from "node:path";
import { UnsprawlError } from "../model/error.ts";

/**
 * The user's home folder: `HOME` where it is an absolute path, else the one in the user database. Never the working
 * directory, which an empty or relative `HOME` would name. Throws `config` for a user who has none.
 */
export function homeOf(env: NodeJS.ProcessEnv): string {
  const home = env["HOME"];
  if (home?.startsWith("/")) return home;
  try {
    const known = userInfo().homedir;
    if (known.startsWith("/")) return known;
  } catch {
    // A user without an entry.
  }
  throw new UnsprawlError("config", "this user has no home folder", "set HOME to the absolute path of a folder");
}

/** `$XDG_CONFIG_HOME`; a relative one does not count (XDG Base Directory Specification 0.8). */
export function configHome(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_CONFIG_HOME"]) ?? join(homeOf(env), ".config");
}

/** `$XDG_STATE_HOME`; a relative one does not count. */
export function stateHome(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_STATE_HOME"]) ?? join(homeOf(env), ".local/state");
}

/** `$XDG_RUNTIME_DIR`; null where there is none, or a relative one. */
export function runtimeHome(env: NodeJS.ProcessEnv): string | null {
  return absolute(env["XDG_RUNTIME_DIR"]);
}

function absolute(path: string | undefined): string | null {
  return path?.startsWith("/") ? path : null;
}
