import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "yaml";
import { entriesOrNull } from "../../../src/files/env-file.ts";
import { readText } from "../../../src/files/read.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { parseDotenv } from "../../../src/files/dotenv.ts";
import { entry, follow, isMap, isSeq, scalarText, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { filledScalar, type OnFault } from "./fill.ts";
import { servicePath } from "./paths.ts";
import { LARGEST_FILE, type ProjectSize } from "./size.ts";
import { overFiles, type ComposeEnvFile, type VariableScope } from "./scope.ts";

/**
 * The `.env` file of a folder, or null. A folder called `.env` does not count: the engine creates one if a service mounts
 * `.env` before the file exists, and Compose ignores it.
 */
export function dotenvIn(dir: string): string | null {
  const file = join(dir, ".env");
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === false ? file : null;
}

/**
 * Reads an env file as Compose does. Errors are passed to `tell`; a file that Compose would reject is then read as
 * `docker run` would. Null if it cannot be read at all.
 */
export async function readEnvFile(
  file: string,
  raw: boolean,
  scope: VariableScope,
  tell: OnFault,
): Promise<ComposeEnvFile | null> {
  let text: string | null = null;
  try {
    text = await readText(file, { lossy: true, limit: LARGEST_FILE });
    const lossy = text.includes(LOST) ? { isLossy: true as const } : {};
    return { file, text, raw, scope, entries: parseDotenv(text, raw ? "raw" : "compose", scope), ...lossy };
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    tell(text === null ? error : new UnsprawlError(error.code, `${file}: ${error.message}`, error.hint));
    const entries = text === null ? null : entriesOrNull(text, "docker");
    return text === null || entries === null ? null : { file, text, raw: true, scope, entries };
  }
}

const LOST = "\ufffd";

export type LocatedNode = {
  readonly file: YamlFile;
  readonly node: Node;
  readonly dir: string;
  readonly lookup: VariableScope;
};

/** The files in a service's `env_file`, in order; missing optional ones are skipped. */
export async function envFilesOf(
  { file, node, dir, lookup }: LocatedNode,
  tell: OnFault,
  size: ProjectSize,
): Promise<ComposeEnvFile[]> {
  const found: ComposeEnvFile[] = [];
  const value = entry(node, "env_file", file)?.value ?? null;
  const items = isSeq(value) ? value.items.map((item) => follow(item, file)) : [value];
  for (const item of items) {
    const written = isMap(item) ? (entry(item, "path", file)?.value ?? null) : item;
    const path = filledScalar(written, lookup, file, tell);
    if (path === null) continue;
    const part = (key: string): string | null =>
      isMap(item) ? scalarText(entry(item, key, file)?.value ?? null) : null;
    const absolute = servicePath(dir, path);
    if (part("required") === "false" && !existsSync(absolute)) continue;
    const read = await readEnvFile(absolute, part("format") === "raw", overFiles([...found], lookup), tell);
    if (read === null) continue;
    size.env(absolute, read.entries.length);
    found.push(read);
  }
  return found;
}
