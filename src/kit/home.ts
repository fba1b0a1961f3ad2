import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { UnsprawlError } from "../model/error.ts";

/**
 * The user's home folder: `HOME` if it is an absolute path, otherwise from the user database. Never relative to the
 * working directory. Throws `config` if there is none.
 */
export function homeOf(env: NodeJS.ProcessEnv): string {
  const home = env["HOME"];
  if (home !== undefined && isAbsolute(home)) return home;
  try {
    const known = userInfo().homedir;
    if (isAbsolute(known)) return known;
  } catch {
    // The user has no entry.
  }
  throw new UnsprawlError("config", "this user has no home folder", "set HOME to the absolute path of a folder");
}

/** `$XDG_CONFIG_HOME` or its default; relative paths are ignored (XDG Base Directory Specification 0.8). */
export function configHome(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_CONFIG_HOME"]) ?? join(homeOf(env), ".config");
}

/** `$XDG_STATE_HOME` or its default; relative paths are ignored. */
export function stateHome(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_STATE_HOME"]) ?? join(homeOf(env), ".local/state");
}

/** `$XDG_DATA_HOME`; a relative one does not count. */
export function dataHome(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_DATA_HOME"]) ?? join(homeOf(env), ".local/share");
}

/** `$XDG_RUNTIME_DIR`; null if it is unset or relative. */
export function runtimeHome(env: NodeJS.ProcessEnv): string | null {
  return absolute(env["XDG_RUNTIME_DIR"]);
}

function absolute(path: string | undefined): string | null {
  return path !== undefined && isAbsolute(path) ? path : null;
}
