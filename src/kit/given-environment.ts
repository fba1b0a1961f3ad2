/** Debug switches that were in the environment when unsprawl was started, and are not in its own. */
const SWITCHES = ["DEBUG", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_OPTIONS"] as const;
/** Hands them to the same program that starts again without them. */
const CARRIER = "UNSPRAWL_GIVEN_SWITCHES";

let given: { readonly [name: string]: string } = {};

/** Takes note of the switches as they were given, and takes the carrier out of `env`. Called once, at the very start. */
export function noteGiven(env: NodeJS.ProcessEnv): void {
  const carried = env[CARRIER];
  delete env[CARRIER];
  given = { ...switchesOf(env), ...switchesOf(parsed(carried)) };
}

/** `env` with what the next start needs to know them by. */
export function carryGiven(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, [CARRIER]: JSON.stringify(given) };
}

/** The environment of a command that unsprawl becomes: `env` with the switches as they were given. */
export function asGiven(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
