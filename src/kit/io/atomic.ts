import { createHash, randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { link, lstat, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { codeOf, fileError } from "./error.ts";
import { isOnlyOurs, isShared, isTrustedFolder, isUnknown, effectiveUid } from "./owner.ts";
import { changedMeanwhile, pathRefused, openEntry, type FolderEntry } from "./walk.ts";

export type WriteCondition = {
  /** The `contentDigest` the current content, or null if the file must not exist. Not checked if undefined. */
  readonly expect?: string | null;
};

type WriteOptions = { readonly mode?: number; readonly owner?: FileOwner } & WriteCondition;

export type FileOwner = { readonly uid: number; readonly gid: number };

/** The digest that `expect` compares. */
export function contentDigest(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Replaces a file atomically: writes a temporary file beside it (0600 until complete), syncs it, renames it and syncs
 * the folder. Keeps mode and owner of the existing file unless `mode` is given; new files are 0600, and of `owner` if
 * one is given. A symbolic link is kept, and its target replaced. The folder is opened once, so that nobody can redirect the path in between.
 *
 * Throws `denied`, `failed` (no space; nothing changed), `changed` (`expect` does not match at the last moment),
 * `refused` (not a regular file, a mount point, or reached through another user's link or hard link; see `openEntry`).
 */
export async function atomicWrite(path: string, bytes: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
  await inFolder(path, options.expect, async (place, old) => {
    for (let tries = 1; ; tries++) {
      try {
        await writeVia(
          `${tempPrefix(place.name)}${randomBytes(6).toString("hex")}.tmp`,
          { place, old, bytes, path },
          options,
        );
        break;
      } catch (error) {
        // Another user, whose locks are others, took the temporary file for one of a killed writer.
        if (codeOf(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
      }
    }
    await syncFolder(place);
  });
}

const MOST_TRIES = 3;

type Replacement = {
  readonly place: FolderEntry;
  readonly old: ExpectedFile | null;
  readonly bytes: string | Uint8Array;
  readonly path: string;
};

async function writeVia(name: string, { place, old, bytes, path }: Replacement, options: WriteOptions): Promise<void> {
  const [temp, target] = [place.at(name), place.at(place.name)];
  try {
    const file = await open(temp, constants.O_WRONLY | constants.O_CREAT | NEW, 0o600);
    try {
      await file.writeFile(bytes);
      const [made, owner] = [await file.stat(), old?.stat ?? options.owner];
      if (owner && (made.uid !== owner.uid || made.gid !== owner.gid)) await file.chown(owner.uid, owner.gid);
      await file.chmod(options.mode ?? (old ? old.stat.mode & 0o777 : 0o600));
      await file.sync();
    } finally {
      await file.close();
    }
    await old?.stillIs(options.expect);
    if (options.expect === null) await createAs(temp, target, path);
    else await rename(temp, target);
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {});
    throw error;
  }
}

/** Removes a file that is as expected; false if it does not exist. Throws like `atomicWrite`. */
export async function atomicRemove(path: string, options: WriteCondition = {}): Promise<boolean> {
  return inFolder(path, options.expect, async (place, old) => {
    if (old === null) return false;
    await old.stillIs(options.expect);
    await rm(place.at(place.name), { force: true });
    await syncFolder(place);
    return true;
  });
}

/** Throws what `atomicWrite` would, without writing: a check before the first change. */
export async function mayReplace(path: string): Promise<void> {
  await inFolder(path, undefined, async () => undefined);
}

/** Removes temporary files left behind by killed writers of this file. Call it only under the file's lock. */
export async function sweepTemps(path: string): Promise<void> {
  await withTemps(path, async (place, names) => {
    for (const name of names) {
      const found = await lstat(place.at(name)).catch(() => null);
      if (found?.isFile()) await rm(place.at(name), { force: true });
    }
  });
}

/** Whether a writer's temporary file exists beside this file, from a running or a killed writer. */
export async function hasTemps(path: string): Promise<boolean> {
  return (await withTemps(path, async (_place, names) => names.length > 0)) === true;
}

const NEW = constants.O_EXCL | constants.O_NOFOLLOW;

type ExpectedFile = {
  readonly stat: Stats;
  /** Throws `changed` if the name no longer refers to this file, or its content is not as expected. */
  stillIs(expect: string | null | undefined): Promise<void>;
};

/** Opens the folder and the file in it, if it exists, and checks both. Errors name the path. */
async function inFolder<T>(
  path: string,
  expect: string | null | undefined,
  act: (place: FolderEntry, old: ExpectedFile | null) => Promise<T>,
): Promise<T> {
  let place: FolderEntry | null = null;
  let handle: FileHandle | null = null;
  try {
    place = await openEntry(path);
    const at = place.at(place.name);
    const found = await lstat(at).catch(absentAsNull);
    mustBeOurs(path, place, found);
    if (found === null) {
      if (typeof expect === "string") throw changedMeanwhile(path);
      return await act(place, null);
    }
    if (expect === null) throw changedMeanwhile(path);
    // Without an expected content the file is not read, since that may need a permission that writing does not.
    if (expect === undefined) return await act(place, { stat: found, stillIs: async () => undefined });
    handle = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const [file, stat] = [handle, await handle.stat()];
    mustBeOurs(path, place, stat);
    const stillIs = async (): Promise<void> => {
      const now = await lstat(at).catch(absentAsNull);
      if (now === null || now.ino !== stat.ino || now.dev !== stat.dev) throw changedMeanwhile(path);
      if ((await digestOfFile(file)) !== expect) throw changedMeanwhile(path);
    };
    await stillIs();
    return await act(place, { stat, stillIs });
  } catch (error) {
    // A link replaced the file after it was checked.
    throw codeOf(error) === "ELOOP" ? changedMeanwhile(path) : fileError(error, path);
  } finally {
    await handle?.close();
    place?.close();
  }
}

/**
 * Throws `refused` if the file is not a regular file; if another user's link led here and the file or folder is not
 * that user's; if in a shared folder such as /tmp it belongs to neither us nor the folder's owner; or if it is a hard
 * link that others could have created.
 */
function mustBeOurs(path: string, { folder, by }: FolderEntry, old: Stats | null): void {
  if (old !== null && !old.isFile()) throw pathRefused(path, "is not a plain file", "name a file that can be replaced");
  if (by !== null && (folder.uid !== by || (old !== null && old.uid !== by)))
    throw pathRefused(
      path,
      `is a link of user ${by} to something that is not that user's`,
      "name the file by its real path if that is what you mean (realpath shows it)",
    );
  if (old === null || isOnlyOurs(folder)) return;
  if (isShared(folder) && old.uid !== effectiveUid() && (old.uid !== folder.uid || isUnknown(old.uid)))
    throw pathRefused(path, `belongs to user ${old.uid}, in a folder that anyone can write to`, "name another file");
  if (old.nlink > 1 && (old.uid !== effectiveUid() || !isTrustedFolder(folder)))
    throw pathRefused(
      path,
      "has another name (a hard link), in a folder that others can write to",
      "replace it by a copy of itself, then try again",
    );
}

/**
 * Renames a complete file to a name that must not exist. On file systems without hard links, existence is checked
 * first.
 */
async function createAs(temp: string, target: string, path: string): Promise<void> {
  try {
    await link(temp, target);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") throw changedMeanwhile(path);
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    if ((await lstat(target).catch(absentAsNull)) !== null) throw changedMeanwhile(path);
    return rename(temp, target);
  }
  await rm(temp, { force: true });
}

async function digestOfFile(file: FileHandle): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(64 * 1024);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** Undefined if the folder cannot be read: then nobody could have written there. */
async function withTemps<T>(
  path: string,
  act: (place: FolderEntry, names: readonly string[]) => Promise<T>,
): Promise<T | undefined> {
  const place = await openEntry(path).catch(() => null);
  if (place === null) return undefined;
  try {
    const names = await readdir(place.at(".")).catch(() => []);
    return await act(
      place,
      names.filter((name) => isTemp(name, place.name)),
    );
  } finally {
    place.close();
  }
}

/** Whether the name is one of our temporary files rather than another program's. */
function isTemp(name: string, target: string): boolean {
  return name.startsWith(tempPrefix(target)) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(tempPrefix(target).length));
}

function tempPrefix(target: string): string {
  return `.${target}.`;
}

function absentAsNull(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}

async function syncFolder(place: FolderEntry): Promise<void> {
  const handle = await open(place.at("."), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
