/** What is removed from unsprawl's own environment: debug switches, and what root does not load (root-loads.ts). */
const SWITCHES = ["DEBUG", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_OPTIONS", "PATH", "XDG_RUNTIME_DIR"] as const;
/** Passes the original switches to the same program when it restarts without them. */
const CARRIER = "UNSPRAWL_GIVEN_SWITCHES";

let given: { readonly [name: string]: string } = {};

/** Remembers the original switches, and removes the carrier variable from `env`. Call it once, at the very start. */
export function rememberSwitches(env: NodeJS.ProcessEnv): void {
  const carried = env[CARRIER];
  delete env[CARRIER];
  given = { ...switchesOf(env), ...switchesOf(parsed(carried)) };
}

/** `env` with the original switches encoded for the restarted program. */
export function carrySwitches(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, [CARRIER]: JSON.stringify(given) };
}

/** The environment for a command that replaces unsprawl: `env` with the original switches. */
export function withOriginalSwitches(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, ...given };
}

function switchesOf(env: { readonly [name: string]: unknown }): { [name: string]: string } {
  const found: { [name: string]: string } = {};
  for (const name of SWITCHES) {
    const value = env[name];
    if (typeof value === "string") found[name] = value;
  }
  return found;
}

function parsed(text: string | undefined): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
