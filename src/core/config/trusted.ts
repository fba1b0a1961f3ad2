import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { configHome } from "../../kit/home.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import { cmd } from "../../kit/shell.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { readOwned } from "./owned.ts";
import { makeFolders } from "../../kit/io/folders.ts";

/** Maps a folder to the digest of its trusted content, or to `*` for any content. */
export type Trusted = ReadonlyMap<string, string>;

export const ALWAYS = "*";

/** `$XDG_CONFIG_HOME/unsprawl/trusted.json`. */
function trustedFile(env: NodeJS.ProcessEnv): string {
  return join(configHome(env), "unsprawl/trusted.json");
}

/** The list of trusted folders. Throws `config` if someone else can write to it, or if it is damaged. */
export function readTrusted(env: NodeJS.ProcessEnv): Trusted {
  const file = trustedFile(env);
  const found = readOwned(file, env, false);
  if (found === null) return new Map();
  if (found.foreign !== null)
    throw new UnsprawlError("config", `${found.foreign.why}: it says which folders are trusted`, found.foreign.hint);
  let list: unknown;
  try {
    list = JSON.parse(found.text);
  } catch {
    list = null;
  }
  const { version, folders } = (list ?? {}) as { version?: unknown; folders?: unknown };
  const entries = typeof folders === "object" && folders !== null ? Object.entries(folders) : null;
  mustBeKnownForm(version, 1, file);
  if (version !== 1 || entries === null || entries.some(([, digest]) => typeof digest !== "string"))
    throw new UnsprawlError("config", `${file} is damaged`, "remove it, then unsprawl trust the folders again");
  return new Map(entries as [string, string][]);
}

/**
 * Trusts a folder; with `digest` null, stops trusting it. Throws like `readTrusted`, and `failed` if it cannot be
 * written.
 */
export async function writeTrusted(env: NodeJS.ProcessEnv, folder: string, digest: string | null): Promise<void> {
  const all = new Map(readTrusted(env));
  if (digest === null) all.delete(folder);
  else all.set(folder, digest);
  const file = trustedFile(env);
  try {
    makeFolders(dirname(file), 0o700);
  } catch (error) {
    throw new UnsprawlError("failed", `cannot write ${file}`, cmd`ls -ld ${dirname(dirname(file))}`, causeOf(error));
  }
  const folders = Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  await atomicWrite(file, `${JSON.stringify({ version: 1, folders }, null, 2)}\n`, { mode: 0o600 });
}

/** The folder's canonical path, under which it is trusted. Throws `absent`. */
export function canonicalFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    throw new UnsprawlError("absent", `there is no folder ${folder}`, "unsprawl trust --list");
  }
}
