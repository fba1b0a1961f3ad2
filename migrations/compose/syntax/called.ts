import { resolve } from "node:path";
import type { VariableLookup } from "../../../src/files/interpolate.ts";
import { entry, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { dotenvIn, readEnvFile, type ComposeEnvFile } from "./env-file.ts";
import { filledScalar, type OnFault } from "./fill.ts";
import { usesDotenv } from "./given.ts";
import type { ProjectInput } from "./project.ts";
import type { ProjectSize } from "./size.ts";

type DotenvFiles = { readonly dotenv: ComposeEnvFile[]; readonly tell: OnFault; readonly size: ProjectSize };

export const PROJECT_NAME = "COMPOSE_PROJECT_NAME";

/** What the shell and the env files set where Compose is called. Each env file read is added to `dotenv`. */
export async function calledLookup(
  into: DotenvFiles,
  { env, envFiles, outer = null }: ProjectInput,
  dir: string,
): Promise<VariableLookup> {
  let lookup: VariableLookup = (name) => env[name] ?? null;
  if (envFiles.length === 0 && !usesDotenv(env)) return lookup;
  // What is set in the folder where Compose is called counts before what the files' folder sets.
  if (outer !== null) lookup = await withDotenv(into, lookup, outer, envFiles);
  return outer !== null && envFiles.length > 0 ? lookup : withDotenv(into, lookup, dir, envFiles);
}

/** The outer variables, then those of the env files: `.env` in the folder unless others are named. */
export async function withDotenv(
  { dotenv, tell, size }: DotenvFiles,
  outer: VariableLookup,
  dir: string,
  named: readonly string[],
): Promise<VariableLookup> {
  const values = new Map<string, string>();
  const lookup: VariableLookup = (name) => outer(name) ?? values.get(name) ?? null;
  const files = named.length > 0 ? named.map((file) => resolve(dir, file)) : [dotenvIn(dir) ?? []].flat();
  for (const file of files) {
    const read = await readEnvFile(file, false, lookup, tell);
    if (read === null) continue;
    size.env(file, read.entries.length);
    dotenv.push(read);
    for (const { name, value } of read.entries) if (value !== null) values.set(name, value);
  }
  return lookup;
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
