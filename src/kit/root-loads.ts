import { isAbsolute, join } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import { configHome, dataHome, homeOf, stateHome } from "./home.ts";
import { foreignFolder } from "./io/roots-alone.ts";
import { effectiveUid } from "./io/owner.ts";
import { cmd } from "./shell.ts";

/*
 * What root loads is root's: whoever can write to a home, a cache or a folder of programs chooses what runs with root's
 * rights. Called before anything else is loaded.
 */

/** What root does without, since others can write to it: folders of PATH, and the runtime folder of another user. */
let leftOut: readonly string[] = [];
export const leftOutForRoot = (): readonly string[] => leftOut;

/**
 * For root: takes from `env` the folders of PATH that others can write to, and another user's XDG_RUNTIME_DIR. Throws
 * `refused` if settings, state, logins or plug-ins would come from a folder that is not root's alone, as with
 * `sudo -E`. Nothing changes for other users.
 */
export function loadOnlyRoots(env: NodeJS.ProcessEnv): void {
  if (effectiveUid() !== 0) return;
  mustBeRoots(loadedFolders(env));
  const folders = (env["PATH"] ?? "").split(":");
  const foreign = folders.filter((folder) => !isAbsolute(folder) || foreignFolder([folder]) !== null);
  if (foreign.length > 0) env["PATH"] = folders.filter((folder) => !foreign.includes(folder)).join(":");
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  const isForeign = isAbsolute(runtime) && foreignFolder([runtime]) !== null;
  if (isForeign) delete env["XDG_RUNTIME_DIR"];
  leftOut = [...foreign, ...(isForeign ? [runtime] : [])];
}

/** Where compiled code may be cached; null where others could plant code for root. */
export function codeCache({ XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): string | null {
  const base = XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : HOME?.startsWith("/") ? `${HOME}/.cache` : null;
  if (base === null) return null;
  const folder = `${base}/unsprawl/compiled`;
  return effectiveUid() === 0 && foreignFolder([folder]) !== null ? null : folder;
}

/** The folders that settings, state, logins and the engine's plug-ins come from, with the variable that names each. */
export function loadedFolders(env: NodeJS.ProcessEnv): [variable: string, folder: string][] {
  if (!hasHome(env)) return [];
  const by = (variable: string): string => (env[variable]?.startsWith("/") ? variable : "HOME");
  const named = ["DOCKER_CONFIG", "UNSPRAWL_AGENT_HOME", "UNSPRAWL_RUNTIME_HOME", "UNSPRAWL_RUNTIME_DIR"];
  return [
    ["HOME", homeOf(env)],
    [by("XDG_CONFIG_HOME"), join(configHome(env), "unsprawl")],
    // The folder below it is checked, and closed to others, with each lock.
    [by("XDG_STATE_HOME"), stateHome(env)],
    [by("XDG_DATA_HOME"), join(dataHome(env), "unsprawl")],
    ...(env["DOCKER_CONFIG"] ? [] : [["HOME", join(homeOf(env), ".docker")] satisfies [string, string]]),
    ...named.flatMap((name): [string, string][] => (isAbsolute(env[name] ?? "") ? [[name, env[name] ?? ""]] : [])),
  ];
}

/** Throws `refused` for the first folder that someone other than root can write to or replace. */
export function mustBeRoots(folders: readonly (readonly [variable: string, folder: string])[]): void {
  for (const [variable, folder] of folders) {
    const why = foreignFolder([folder]);
    if (why === null) continue;
    throw new UnsprawlError(
      "refused",
      `root would load what another user can write: ${why} (${variable})`,
      variable === "HOME"
        ? "sudo -H unsprawl …, or HOME=/root unsprawl …"
        : cmd`env -u ${variable} unsprawl …, or let ${variable} name a folder of root's`,
    );
  }
}

/** A user without one and without an entry in the user database loads nothing from it. */
function hasHome(env: NodeJS.ProcessEnv): boolean {
  try {
    return homeOf(env) !== "";
  } catch {
    return false;
  }
}
