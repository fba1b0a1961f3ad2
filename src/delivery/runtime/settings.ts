import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import type { Json } from "../../model/json.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";

/** A store as the runtime opens it: provider and configuration, with credentials referenced by file name. */
export type RuntimeStore = {
  readonly name: string;
  readonly provider: string;
  readonly config: { readonly [key: string]: Json };
};

/** `runtime.json` in the runtime's folder (0600): everything the resolver needs at a container start. */
export type RuntimeSettings = {
  readonly version: 1;
  readonly realRuntime: string;
  /** A tmpfs folder for resolved bundles, and for the resolved values that `exec` uses. */
  readonly memory: string;
  readonly stores: readonly RuntimeStore[];
  /** The engine's data root with its container records. Without it, a container is known only by its id. */
  readonly engineRoot?: string;
  /** For the containers of Kubernetes pods: containerd's configuration, and the folder of its running containers. */
  readonly pods?: { readonly configFile: string; readonly state: string };
  /**
   * How long a container start waits for an unreachable store, in milliseconds: at boot, the store may start at the
   * same time.
   */
  readonly waitMs: number;
};

export { RUNTIME_NAME } from "../../engine/names.ts";

/**
 * The folder of the runtime's program, settings and credentials: UNSPRAWL_RUNTIME_HOME, otherwise
 * /etc/unsprawl/runtime.
 */
export function runtimeHome(env: NodeJS.ProcessEnv): string {
  return env["UNSPRAWL_RUNTIME_HOME"] || "/etc/unsprawl/runtime";
}

/**
 * The same for the pods of containerd's CRI. Apart from Docker's: Docker also passes annotations on, so only the program
 * that is started says whose word they are.
 */
export function podRuntimeHome(env: NodeJS.ProcessEnv): string {
  return join(dirname(runtimeHome(env)), "containerd");
}

/** The settings of an installed runtime; null if it is not installed. Throws `denied` or `malformed`. */
export function readSettings(home: string): RuntimeSettings | null {
  let text: string;
  try {
    text = readFileSync(join(home, "runtime.json"), "utf8");
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new UnsprawlError("denied", `cannot read ${home}/runtime.json`, "run as root", causeOf(error));
  }
  try {
    const settings = JSON.parse(text) as RuntimeSettings;
    mustBeKnownForm(settings.version, 1, `${home}/runtime.json`);
    if (settings.version !== 1 || !Array.isArray(settings.stores)) throw new TypeError("shape");
    return settings;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    throw new UnsprawlError(
      "malformed",
      `${home}/runtime.json cannot be understood`,
      "unsprawl runtime install --to STORE writes it again",
      causeOf(error),
    );
  }
}
