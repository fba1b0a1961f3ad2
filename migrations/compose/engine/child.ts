import { childEnvironment, isCredentialName } from "../../../src/kit/child-environment.ts";
import { envFiles } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";

/** The part of the user's environment that Compose receives. */
export type PassedEnvironment = {
  /** Variables that the project's files mention and Compose receives. */
  readonly names: readonly string[];
  /** Credentials that the files mention and Compose does not receive. */
  readonly withheld: readonly string[];
};

/** Criteria for passing an environment variable to Compose, besides its name. */
export type Judges = {
  /** Whether a container of the project already has this value, so that passing it reveals nothing. */
  readonly held: (value: string) => boolean;
  /** Whether detection classifies it as a secret. */
  readonly secret: (name: string, value: string) => boolean;
};

/**
 * Chooses the environment variables for a project's `${…}`. Since others may have written the project's files, they
 * receive only values that the project's containers already have, and values that are not credentials by name, form and
 * detection.
 */
export function passedEnvironment(
  project: ComposeProject,
  env: NodeJS.ProcessEnv,
  { held, secret }: Judges,
): PassedEnvironment {
  const mentioned = new Set<string>();
  for (const { text } of [...project.yaml.values(), ...envFiles(project)])
    for (const [word] of text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) mentioned.add(word);
  const names = Object.keys(env).filter((name) => mentioned.has(name) && env[name] !== undefined);
  const passes = names.filter((name) => {
    const value = env[name] ?? "";
    if (value === "" || held(value)) return true;
    return !isCredentialName(name) && !URL_LOGIN.test(value) && !secret(name, value);
  });
  const isFromCli = mentioned.has(OF_CLI.name) && env[OF_CLI.name] === undefined && held(OF_CLI.value);
  return {
    names: [...passes, ...(isFromCli ? [OF_CLI.name] : [])].sort(),
    // Compose gets the folder of the values in any case.
    withheld: names.filter((name) => !passes.includes(name) && name !== "UNSPRAWL_RUNTIME_DIR").sort(),
  };
}

/**
 * What `docker` itself sets for each plug-in that it starts, `docker compose` too, so that it counts before `.env`. Source:
 * docker/cli cli-plugins/manager, appendPluginResourceAttributesEnvvar.
 */
const OF_CLI = { name: "OTEL_RESOURCE_ATTRIBUTES", value: "docker.cli.cobra.command_path=docker%20compose" } as const;

/**
 * The plan's variables that the project's files use and that this environment lacks: without them Compose would create
 * other containers than planned.
 */
export function missingVariables(project: ComposeProject, names: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const filled = new Set<string>();
  for (const { text } of [...project.yaml.values(), ...envFiles(project)])
    for (const [, name = ""] of text.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)) filled.add(name);
  return names.filter((name) => env[name] === undefined && filled.has(name) && name !== OF_CLI.name);
}

/**
 * Whether one of the texts equals the value, or contains it if it is too long for a coincidence, such as a password in
 * a URL.
 */
export function containsValue(texts: readonly string[], value: string): boolean {
  return texts.some((text) => text === value || (value.length >= LONG && text.includes(value)));
}

const LONG = 5;
/** `scheme://user:password@host` with any scheme, anywhere in a value. */
const URL_LOGIN = /:\/\/[^/\s@]*@/;

/** Why Compose may lack a variable; empty if none was withheld. */
export function withheldNote({ withheld }: PassedEnvironment): string {
  return withheld.length === 0
    ? ""
    : ` (${withheld.join(", ")} of your environment is withheld from Compose, since no container of the project has it)`;
}

/** The environment for Compose: that of every child process, plus the chosen variables. */
export function composeEnvironment(env: NodeJS.ProcessEnv, names: Iterable<string>): { [name: string]: string } {
  const found = childEnvironment(env);
  // A proxy URL may contain a login, and Compose needs no proxy here.
  for (const name of Object.keys(found)) if (/_proxy$/i.test(name)) delete found[name];
  for (const name of names) {
    const value = env[name] ?? (name === OF_CLI.name ? OF_CLI.value : undefined);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
