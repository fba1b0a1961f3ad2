import { childEnvironment, isCredentialName } from "../../../src/kit/child-environment.ts";
import { envFiles } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";

/** What Compose gets of the user's environment. */
export type PassedEnvironment = {
  /** The variables that the project's files mention and that Compose gets. */
  readonly names: readonly string[];
  /** The credentials that they mention and that Compose does not get. */
  readonly withheld: readonly string[];
};

/** What decides on a variable of the environment, besides its name. */
export type Judges = {
  /** Whether a container of the project has this value already, so that nothing is given away. */
  readonly held: (value: string) => boolean;
  /** Whether detection takes it for a secret. */
  readonly secret: (name: string, value: string) => boolean;
};

/**
 * Chooses what of the user's environment a project's `${…}` are filled from. A project's files are written by others: of
 * what they mention, they get the values that the project's containers have already, and those that are no credential by
 * name, by form and by detection's judgement.
 */
export function passedTo(project: ComposeProject, env: NodeJS.ProcessEnv, { held, secret }: Judges): PassedEnvironment {
  const mentioned = new Set<string>();
  for (const { text } of [...project.yaml.values(), ...envFiles(project)])
    for (const [word] of text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) mentioned.add(word);
  const names = Object.keys(env).filter((name) => mentioned.has(name) && env[name] !== undefined);
  const passes = names.filter((name) => {
    const value = env[name] ?? "";
    if (value === "" || held(value)) return true;
    return !isCredentialName(name) && !URL_LOGIN.test(value) && !secret(name, value);
  });
  return { names: passes.sort(), withheld: names.filter((name) => !passes.includes(name)).sort() };
}

/**
 * Those of a plan's variables that the project's files fill in, and that this environment does not have: Compose would
 * make other containers than the plan saw.
 */
export function missingOf(project: ComposeProject, names: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const filled = new Set<string>();
  for (const { text } of [...project.yaml.values(), ...envFiles(project)])
    for (const [, name = ""] of text.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)) filled.add(name);
  return names.filter((name) => env[name] === undefined && filled.has(name));
}

/**
 * Whether one of these texts is this value, or holds it where it is long enough to be no coincidence: a password inside an
 * address.
 */
export function holds(texts: readonly string[], value: string): boolean {
  return texts.some((text) => text === value || (value.length >= LONG && text.includes(value)));
}

const LONG = 5;
/** `scheme://user:password@host`, in any scheme, wherever it stands in a value. */
const URL_LOGIN = /:\/\/[^/\s@]*@/;

/** Why Compose may not find a variable; empty when nothing was withheld from it. */
export function withheldNote({ withheld }: PassedEnvironment): string {
  return withheld.length === 0
    ? ""
    : ` (${withheld.join(", ")} of your environment is withheld from Compose, since no container of the project has it)`;
}

/** The environment of a project: what any program gets, and the names that were chosen for it. */
export function composeEnvironment(env: NodeJS.ProcessEnv, names: Iterable<string>): { [name: string]: string } {
  const found = childEnvironment(env);
  // A proxy's address may hold a login, which nothing that Compose does here needs.
  for (const name of Object.keys(found)) if (/_proxy$/i.test(name)) delete found[name];
  for (const name of names) if (env[name] !== undefined) found[name] = env[name];
  return found;
}
