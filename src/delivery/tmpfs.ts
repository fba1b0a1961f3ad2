import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DeliveryFile, Owner } from "../contract/delivery.ts";
import { belowFolder, isFileName, isFileNameWithDots, shownName } from "../kit/io/name.ts";
import { cmd } from "../kit/shell.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import type { Move } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import { makeFolders } from "../kit/io/folders.ts";

/** File systems in memory. Source: statfs(2), TMPFS_MAGIC and RAMFS_MAGIC. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/**
 * The tmpfs folder under which values may exist as files on this host: UNSPRAWL_RUNTIME_DIR, otherwise `/run/unsprawl`
 * or `/dev/shm/unsprawl`. Throws `refused` if none is on tmpfs, since values must not be written to disk, or if the
 * folder is writable by others.
 */
export function memoryRoot(env: NodeJS.ProcessEnv): string {
  const choices = roots(env);
  const found = choices.find((dir) => inMemory(dir));
  if (found !== undefined) {
    for (const dir of [found, ...["units", "compose", "bundles", "resolved"].map((name) => join(found, name))])
      mustBeOurs(dir);
    return found;
  }
  throw new UnsprawlError(
    "refused",
    `${choices.join(" and ")} ${choices.length > 1 ? "are" : "is"} not on tmpfs: values would be written to disk`,
    env["UNSPRAWL_RUNTIME_DIR"]
      ? "unset UNSPRAWL_RUNTIME_DIR, or set it to a folder on tmpfs"
      : "mount -t tmpfs -o mode=0700 tmpfs /run/unsprawl",
  );
}

/**
 * Whether values may be written into this folder: one of a unit's, or of a Compose service's, below a folder for values
 * on tmpfs. Nothing else that a run configuration names is ever written.
 */
export function isSupplyFolder(env: NodeJS.ProcessEnv, folder: string): boolean {
  const part = "[A-Za-z0-9][A-Za-z0-9_.-]*";
  const below = new RegExp(`^/(?:units/${part}/(?:secrets|shim)|compose/${part}/${part})$`);
  return roots(env).some((root) => folder.startsWith(`${root}/`) && below.test(folder.slice(root.length)));
}

function roots(env: NodeJS.ProcessEnv): readonly string[] {
  const { UNSPRAWL_RUNTIME_DIR: wished, XDG_RUNTIME_DIR: session } = env;
  if (wished) return [wished];
  // Only root can make a folder below /run; what a session of another user's has there is its own (pam_systemd(8)).
  const own = session && process.getuid?.() !== 0 ? [join(session, "unsprawl")] : [];
  return [...own, "/run/unsprawl", "/dev/shm/unsprawl"];
}

/** /dev/shm is shared: a folder that another user created there could be replaced at any time. */
function mustBeOurs(dir: string): void {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (!stat || (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0)) return;
  throw notOurs(dir);
}

function notOurs(dir: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${dir} is not a folder of this user alone`,
    cmd`ls -ld ${dir} shows whose it is; as another user, set UNSPRAWL_RUNTIME_DIR`,
  );
}

function inMemory(dir: string): boolean {
  for (let at = dir; ; at = dirname(at)) {
    try {
      return IN_MEMORY.has(statfsSync(at).type);
    } catch {
      if (at === dirname(at)) return false;
    }
  }
}

/** The folder of one unit's values. Throws `refused` if the id would lead out of the parent folder. */
export function unitFolder(env: NodeJS.ProcessEnv, id: string): string {
  return belowFolder(join(memoryRoot(env), "units"), id);
}

/** Deletes a unit's folder. If it is a link, only the link is deleted. Idempotent. */
export function discardUnit(env: NodeJS.ProcessEnv, id: string): void {
  rmSync(unitFolder(env, id), { recursive: true, force: true });
}

/** Why these values cannot be files named after their variables; null if they can. `dots`: those that no shell takes, too. */
export function namesFault(moves: readonly Pick<Move, "name">[], dots: boolean): string | null {
  const odd = moves.find(({ name }) => !(dots ? isFileNameWithDots(name) : isFileName(name)));
  return odd === undefined ? null : `${shownName(odd.name)} cannot be the name of a file`;
}

/** One file per value, named after the variable. */
export function valueFiles(moves: readonly Pick<Move, "name">[], values: ReadonlyMap<string, Secret>): DeliveryFile[] {
  return moves.flatMap(({ name }) => {
    const content = values.get(name);
    return content ? [{ name, content, mode: 0o400, holdsValue: true }] : [];
  });
}

/**
 * Creates a unit's folder and its files, readable only by the owner. Throws `refused` without creating anything if a
 * name is not a valid file name, or if the existing folder is not ours.
 */
export function writeFiles(dir: string, owner: Owner, files: readonly DeliveryFile[]): void {
  const fault = namesFault(files, true);
  if (fault !== null) throw new UnsprawlError("refused", fault, "unsprawl plan again");
  const folder = secretFolder(dir, owner);
  try {
    for (const { name, content, mode } of files) writeIn(folder, dir, name, content.expose(), owner, mode);
  } finally {
    closeSync(folder);
  }
}

/**
 * Creates a folder that only its owner can enter, below parents that only root can enter. Returns its open file
 * descriptor.
 */
function secretFolder(dir: string, owner: Owner): number {
  try {
    makeFolders(dirname(dir), 0o700);
    mustBeOurs(dirname(dir));
    makeFolders(dir, 0o500);
    const folder = openSync(dir, FOLDER);
    try {
      const { uid } = fstatSync(folder);
      if (uid !== process.getuid?.() && uid !== owner.uid) throw notOurs(dir);
      // Without root, files are made only in a folder that one may write to; it is mounted read-only.
      give(folder, owner, process.getuid?.() === 0 ? 0o500 : 0o700);
      return folder;
    } catch (error) {
      closeSync(folder);
      throw error;
    }
  } catch (error) {
    throw fileError(dir, error);
  }
}

/**
 * Who owns a file for this owner on this host. Only root can give files away, and the ids in rootless Podman's containers are
 * others on the host.
 */
export function ownerHere(owner: Owner): Owner {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  return uid === 0 ? owner : { uid, gid };
}

/**
 * Gives a file or folder to its owner. Where that cannot be, each id of the container may read it, below a folder that only
 * this user can enter.
 */
function give(fd: number, owner: Owner, mode: number): void {
  const { uid, gid } = ownerHere(owner);
  fchownSync(fd, uid, gid);
  const reading = mode & 0o555;
  fchmodSync(fd, uid === owner.uid ? mode : mode | (reading >> 3) | (reading >> 6));
}

/** Writes a file readable only by its owner (0400, or `mode`), replacing an older one. */
export function secretFile(file: string, bytes: Uint8Array, owner: Owner, mode = 0o400): void {
  const [dir, name] = [dirname(file), basename(file)];
  belowFolder(dir, name);
  let folder: number;
  try {
    folder = openSync(dir, FOLDER);
  } catch (error) {
    throw fileError(file, error);
  }
  try {
    writeIn(folder, dir, name, bytes, owner, mode);
  } finally {
    closeSync(folder);
  }
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** What a file is called until it is whole. A writer that was killed leaves it behind, and the next one removes it. */
export function partName(name: string): string {
  return `.${name.slice(0, LONGEST_PART)}.part`;
}

const LONGEST_PART = 200;

/**
 * Writes a file in an open folder, independent of where its path now leads. It is created under another name (O_EXCL, so
 * that no link is followed) and takes the place of an older one once it is whole: nobody reads a part of it, and no other
 * link to the old file receives the value.
 */
function writeIn(folder: number, dir: string, name: string, bytes: Uint8Array, owner: Owner, mode: number): void {
  const at = (file: string): string => `/proc/self/fd/${folder}/${file}`;
  const part = at(partName(name));
  try {
    rmSync(part, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
      give(fd, owner, mode);
    } finally {
      closeSync(fd);
    }
    renameSync(part, at(name));
  } catch (error) {
    rmSync(part, { force: true });
    throw fileError(join(dir, name), error);
  }
}

function fileError(file: string, error: unknown): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = (error as { code?: string }).code;
  if (code === "ENOSPC")
    return new UnsprawlError(
      "failed",
      `no space left for ${file}`,
      cmd`make room on ${join(file, "..")}`,
      causeOf(error),
    );
  return new UnsprawlError(
    code === "EACCES" || code === "EPERM" ? "denied" : "failed",
    `cannot write ${file}`,
    process.getuid?.() === 0
      ? "run as root on the engine's host"
      : "run as root on the engine's host; for rootless Podman set UNSPRAWL_RUNTIME_DIR to a folder of yours on tmpfs",
    causeOf(error),
  );
}
