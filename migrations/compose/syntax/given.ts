import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { foreignHand } from "../../../src/kit/io/foreign.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { dotenvIn, readEnvFile } from "./env-file.ts";
import type { ComposeEnvFile } from "./scope.ts";
import { shellScope, withFiles } from "./scope.ts";
import { realOrSame } from "../../../src/kit/io/real.ts";

/** The files by which Compose is called, before any of them is read. */
export type GivenFiles = {
  /** Absolute, in Compose's order. */
  readonly files: readonly string[];
  /** Those that the user gives Compose instead of `.env`, absolute. */
  readonly envFiles: readonly string[];
  /**
   * The folder in which `docker compose` finds the files, if that is not the folder of the first: the `.env` of both
   * count then. Null otherwise.
   */
  readonly outer: string | null;
};

/**
 * The default file names in Compose's order, and those of the file that is merged into it. Source: compose-go
 * cli/options.go, DefaultFileNames and DefaultOverrideFileNames.
 */
const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES = [
  ...["compose.override.yml", "compose.override.yaml"],
  ...["docker-compose.override.yml", "docker-compose.override.yaml"],
];

/**
 * What `compose:WHAT` names: files, or the folder in which `docker compose` is called. There, `COMPOSE_FILE` of the
 * environment or of `.env` counts before the default names, which are also looked for in the folders above. Throws
 * `absent`; `refused` for a file outside the folder that an `.env` names which somebody else could have written.
 */
export async function givenFiles(what: string, cwd: string, env: NodeJS.ProcessEnv): Promise<GivenFiles> {
  const at = resolve(cwd, what);
  const envFiles = envFilesOf(env, cwd);
  if (what !== "" && !(existsSync(at) && statSync(at).isDirectory())) {
    // Separated by colons as in COMPOSE_FILE, unless a file has this very name.
    const files = existsSync(at) ? [at] : what.split(":").map((file) => resolve(cwd, file));
    return { files, envFiles, outer: null };
  }
  const named = await namedFiles(at, envFiles, env);
  const files = named ?? defaultFiles(at, env);
  const isElsewhere = dirname(files[0] ?? "") !== at && (env["COMPOSE_FILE"] ?? "") === "";
  return { files, envFiles, outer: isElsewhere && dotenvIn(at) !== null ? at : null };
}

/**
 * The folder above in which `docker compose` finds exactly these files by an `.env` that nobody but you or root can have
 * written, or null. A container's labels name the files, but not where Compose was called.
 */
export async function outerOf(files: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  const plain = { ...env, COMPOSE_FILE: undefined, COMPOSE_PATH_SEPARATOR: undefined };
  for (let at = dirname(dirname(files[0] ?? "/")); ; at = dirname(at)) {
    const file = dotenvIn(at);
    if (file !== null && [file, at].every((one) => foreignHand(one, statSync(one), env) === null)) {
      const named = await namedFiles(at, [], plain);
      if (named?.map(realOrSame).join("\0") === files.map(realOrSame).join("\0")) return at;
    }
    if (at === dirname(at)) return null;
  }
}

/** The files in `COMPOSE_FILE`, which each env file may set too; null if it is not set. */
async function namedFiles(
  dir: string,
  envFiles: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly string[] | null> {
  const read: ComposeEnvFile[] = [];
  const shell = shellScope(env);
  for (const file of envFiles.length > 0 ? envFiles : usesDotenv(env) ? [dotenvIn(dir) ?? []].flat() : [])
    read.push(...[await readEnvFile(file, false, withFiles(shell, [...read]), () => undefined)].filter(isRead));
  const scope = withFiles(shell, read);
  const named = scope("COMPOSE_FILE") ?? "";
  if (named === "") return null;
  const files = named.split(scope("COMPOSE_PATH_SEPARATOR") || ":").map((file) => resolve(dir, file));
  const by = envFiles.length > 0 ? null : scope.setting("COMPOSE_FILE");
  if (by?.kind === "line") mayName(by.file.file, dir, files, env);
  return files;
}

const isRead = (file: ComposeEnvFile | null): file is ComposeEnvFile => file !== null;

/** The env files that the user's environment names in place of `.env`. */
export function envFilesOf(env: NodeJS.ProcessEnv, cwd = process.cwd()): readonly string[] {
  return (env["COMPOSE_ENV_FILES"] ?? "")
    .split(",")
    .filter(Boolean)
    .map((file) => resolve(cwd, file));
}

/** `COMPOSE_DISABLE_ENV_FILE` is a setting of the user's environment alone. */
export function usesDotenv(env: NodeJS.ProcessEnv): boolean {
  return !/^(1|t|true)$/i.test(env["COMPOSE_DISABLE_ENV_FILE"] ?? "");
}

/** Throws `refused` for a file outside the folder, unless nobody but you and root could have named it. */
function mayName(by: string, dir: string, files: readonly string[], env: NodeJS.ProcessEnv): void {
  const strange = foreignHand(by, statSync(by), env) ?? foreignHand(dir, statSync(dir), env);
  if (strange === null) return;
  const outside = files.find((file) => !realOrSame(file).startsWith(`${realOrSame(dir)}/`));
  if (outside === undefined) return;
  throw new UnsprawlError(
    "refused",
    `${by} names ${outside} as a Compose file, which is outside ${dir}, and ${strange.why}`,
    cmd`if you want these files read: unsprawl scan ${`compose:${files.join(":")}`}`,
  );
}

function defaultFiles(dir: string, env: NodeJS.ProcessEnv): readonly string[] {
  // Not in a folder like /tmp, where anybody may have left a file for whoever works below it.
  for (let at = dir; at === dir || foreignHand(at, statSync(at), env) === null; at = dirname(at)) {
    const there = (names: readonly string[]): string[] => names.map((name) => join(at, name)).filter(existsSync);
    const [file] = there(NAMES);
    if (file !== undefined) return [file, ...there(OVERRIDES).slice(0, 1)];
    if (at === dirname(at)) break;
  }
  throw new UnsprawlError("absent", `there is no Compose file in ${dir}`, "unsprawl scan compose:FILE names one");
}

/** The shortest `compose:…` that names a project's files: the folder, where Compose finds them there by itself. */
export function sourceText({ given, outer }: { given: GivenFiles["files"]; outer: GivenFiles["outer"] }): string {
  const dir = outer ?? dirname(given[0] ?? "");
  const isDefault = [...NAMES, ...OVERRIDES].includes(basename(given[0] ?? ""));
  const isFound = outer !== null || (isDefault && defaultFiles(dir, {}).join("\0") === given.join("\0"));
  return `compose:${isFound ? dir : given.join(":")}`;
}

/** The files as one text, as a location keeps them; the inverse of `parseGiven`. */
export function givenText({ files, outer }: Pick<GivenFiles, "files" | "outer">): string {
  return [...(outer === null ? [] : [join(outer, ".env")]), ...files].join(":");
}

/** The files that a location names: an `.env` before them is that of the folder in which Compose is called. */
export function parseGiven(text: string): Pick<GivenFiles, "files" | "outer"> {
  const [first = "", ...rest] = text.split(":");
  return basename(first) === ".env" ? { files: rest, outer: dirname(first) } : { files: [first, ...rest], outer: null };
}
