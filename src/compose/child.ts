import { childEnvironment, isCredentialName } from "../kit/child-environment.ts";
import { envFiles } from "./environment.ts";
import type { Project } from "./project.ts";

/** What Compose gets of the user's environment. */
export type Passed = {
  /** The variables that the project's files mention and that Compose gets. */
  readonly names: readonly string[];
  /** The credentials that they mention and that Compose does not get. */
  readonly withheld: readonly string[];
};

/**
 * Chooses what of the user's environment a project's `${…}` are filled from. A project's files are written by others: they
 * get what they mention, except credentials. One of these passes only when `held` says that the project's containers
 * have its value already, so that nothing is given away.
 */
export function passedTo(project: Project, env: NodeJS.ProcessEnv, held: (value: string) => boolean): Passed {
  const mentioned = new Set<string>();
  for (const { text } of [...project.yaml.values(), ...envFiles(project)])
    for (const [word] of text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) mentioned.add(word);
  const names = Object.keys(env).filter((name) => mentioned.has(name) && env[name] !== undefined);
  const secret = (name: string): boolean => isCredentialName(name) || /^[a-z]+:\/\/[^/]*@/i.test(env[name] ?? "");
  const passes = names.filter((name) => !secret(name) || held(env[name] ?? ""));
  return { names: passes.sort(), withheld: names.filter((name) => !passes.includes(name)).sort() };
}

/** The environment of a project: what any program gets, and the names that were chosen for it. */
export function composeEnvironment(env: NodeJS.ProcessEnv, names: Iterable<string>): { [name: string]: string } {
  const found = childEnvironment(env);
  // A proxy's address may hold a login, which nothing that Compose does here needs.
  for (const name of Object.keys(found)) if (/_proxy$/i.test(name)) delete found[name];
  for (const name of names) if (env[name] !== undefined) found[name] = env[name];
  return found;
}
