import { basename } from "node:path";
import { VERSION } from "../model/version.ts";

/** The name by which the Docker CLI finds a plug-in: its folder has the same executable under it. */
const NAME = "docker-unsprawl";
/** What the CLI calls a plug-in with first. Source: docker/cli, cli-plugins/metadata. */
const METADATA = "docker-cli-plugin-metadata";

/** The Docker CLI's global flags that say which engine is meant, and the variable that says the same. */
const GLOBAL = new Map([
  ["--context", "DOCKER_CONTEXT"],
  ["-c", "DOCKER_CONTEXT"],
  ["--host", "DOCKER_HOST"],
  ["-H", "DOCKER_HOST"],
  ["--config", "DOCKER_CONFIG"],
]);

/** True where this process was started as the plug-in. `argv` is the process's, from its own name on. */
export function isDockerPlugin(argv0: string, argv: readonly string[]): boolean {
  return [argv0, argv[1] ?? ""].some((word) => basename(word) === NAME);
}

/**
 * What the Docker CLI asks of a plug-in: its metadata as text, or the words after `docker unsprawl` and the variables in
 * place of the CLI's global flags before them. Another global flag is left where it is: it is reported as unknown.
 */
export function pluginCall(
  words: readonly string[],
):
  | { readonly metadata: string }
  | { readonly words: readonly string[]; readonly env: { readonly [name: string]: string } } {
  if (words[0] === METADATA) return { metadata: `${JSON.stringify(describe)}\n` };
  const env: { [name: string]: string } = {};
  const rest = [...words];
  while (rest[0]?.startsWith("-")) {
    const [flag = "", inline] = rest[0].split(/=(.*)/s);
    const variable = GLOBAL.get(flag);
    if (variable === undefined) break;
    const value = inline ?? rest[1] ?? "";
    rest.splice(0, inline === undefined ? 2 : 1);
    env[variable] = value;
  }
  const named = rest[0] === "unsprawl" ? rest.slice(1) : rest;
  return { words: named, env };
}

const describe = {
  SchemaVersion: "0.1.0",
  Vendor: "unsprawl",
  Version: VERSION,
  ShortDescription: "Find secrets in containers and move them into a secret store",
};
