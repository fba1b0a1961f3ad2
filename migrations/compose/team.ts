import { workTreeOf } from "../../src/kit/io/work-tree.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { envFiles } from "./syntax/environment.ts";
import { givenFiles } from "./syntax/given.ts";
import { loadProject } from "./syntax/project.ts";

/**
 * The git work tree that the project `compose:WHAT` is committed in, so that a store's file may be committed with it; null
 * for none, and where its files name a store's file of this machine, which stays in use.
 */
export async function teamFolder(what: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    return await committedIn(what, cwd, env);
  } catch (error) {
    // A scan reports what cannot be read.
    if (error instanceof UnsprawlError) return null;
    throw error;
  }
}

async function committedIn(what: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const given = await givenFiles(what, cwd, childEnvironment(env));
  const input = { ...given, dir: null, name: null, env: childEnvironment(env), tell: () => undefined, named: false };
  const project = await loadProject(input);
  const files = [...project.yaml.values(), ...envFiles(project)];
  if (files.some(({ text }) => text.includes("ref+sops:///"))) return null;
  const tree = workTreeOf(project.dir);
  return tree !== null && given.files.every((file) => file.startsWith(`${tree}/`)) ? tree : null;
}
