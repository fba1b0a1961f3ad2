import { resolve } from "node:path";
import type { VariableLookup } from "../../../src/files/interpolate.ts";
import { entry, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { dotenvIn, readEnvFile } from "./env-file.ts";
import type { ComposeEnvFile } from "./scope.ts";
import { filledScalar, type OnFault } from "./fill.ts";
import { usesDotenv } from "./given.ts";
import { shellScope, withFiles, type VariableScope } from "./scope.ts";
import type { ProjectSize } from "./size.ts";

type DotenvFiles = { readonly dotenv: ComposeEnvFile[]; readonly tell: OnFault; readonly size: ProjectSize };

/** By what and where Compose is called: see `ProjectInput`. */
type Called = {
  readonly envFiles: readonly string[];
  readonly outer?: string | null;
  readonly env: NodeJS.ProcessEnv;
};

export const PROJECT_NAME = "COMPOSE_PROJECT_NAME";

/** What the shell and the env files set where Compose is called. Each env file read is added to `dotenv`. */
export async function calledScope(
  into: DotenvFiles,
  { env, envFiles, outer = null }: Called,
  dir: string,
): Promise<VariableScope> {
  let scope = shellScope(env);
  if (envFiles.length === 0 && !usesDotenv(env)) return scope;
  // What is set in the folder where Compose is called counts before what the files' folder sets.
  if (outer !== null) scope = await withDotenv(into, scope, outer, envFiles);
  return outer !== null && envFiles.length > 0 ? scope : withDotenv(into, scope, dir, envFiles);
}

/** The outer variables, then those of the env files: `.env` in the folder unless others are named. */
export async function withDotenv(
  { dotenv, tell, size }: DotenvFiles,
  outer: VariableScope,
  dir: string,
  named: readonly string[],
): Promise<VariableScope> {
  const found: ComposeEnvFile[] = [];
  const files = named.length > 0 ? named.map((file) => resolve(dir, file)) : [dotenvIn(dir) ?? []].flat();
  for (const file of files) {
    const read = await readEnvFile(file, false, withFiles(outer, [...found]), tell);
    if (read === null) continue;
    size.env(file, read.entries.length);
    dotenv.push(read);
    found.push(read);
  }
  return withFiles(outer, found);
}

/** The project's name: from the environment, else the last `name` in the given files, else from the folder. */
export function projectName(files: readonly YamlFile[], dir: string, lookup: VariableLookup, tell: OnFault): string {
  const set = lookup(PROJECT_NAME) ?? "";
  if (set !== "") return set;
  const names = files.map((file) => filledScalar(entry(file.root, "name", file)?.value ?? null, lookup, file, tell));
  return normalName(names.findLast(Boolean) ?? "") || normalName(dir.split("/").at(-1) ?? "");
}

/** A name as Compose takes it (compose-go `loader.NormalizeProjectName`). */
function normalName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, "")
    .replace(/^[-_]+/, "");
}
