import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
  lstatSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DeliveryFile, Owner } from "../contract/delivery.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import type { Move } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** Filesystems that live in memory. Source: statfs(2), TMPFS_MAGIC and RAMFS_MAGIC. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/**
 * The folder, on tmpfs, under which values may exist as files on this host: UNSPRAWL_RUNTIME_DIR, else
 * `/run/unsprawl`, else `/dev/shm/unsprawl`. Throws `refused` when none is on tmpfs: a value on disk outlives its purpose.
 */
export function memoryRoot(env: NodeJS.ProcessEnv): string {
  const wished = env["UNSPRAWL_RUNTIME_DIR"];
  const choices = wished ? [wished] : ["/run/unsprawl", "/dev/shm/unsprawl"];
  const found = choices.find((dir) => inMemory(dir));
  if (found !== undefined) {
    for (const dir of [found, ...["units", "bundles", "resolved"].map((name) => join(found, name))]) mustBeOurs(dir);
    return found;
  }
  throw new UnsprawlError(
    "refused",
    `${choices.join(" and ")} ${choices.length > 1 ? "are" : "is"} not on tmpfs: values would be written to disk`,
    "mount -t tmpfs -o mode=0700 tmpfs /run/unsprawl",
  );
}

/** /dev/shm is everybody's: a folder that another user made there could be swapped under us. */
function mustBeOurs(dir: string): void {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (!stat || (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0)) return;
  throw new UnsprawlError(
    "refused",
    `${dir} is not a folder of this user alone`,
    `ls -ld ${dir}; remove it, or set UNSPRAWL_RUNTIME_DIR`,
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

/** One file a value, called by the variable's name. */
export function valueFiles(moves: readonly Move[], values: ReadonlyMap<string, Secret>): DeliveryFile[] {
  return moves.flatMap(({ name }) => {
    const content = values.get(name);
    return content ? [{ name, content, mode: 0o400, holdsValue: true }] : [];
  });
}

/** Makes the folder and its files, each for its owner alone. */
export function writeFiles(dir: string, owner: Owner, files: readonly DeliveryFile[]): void {
  secretFolder(dir, owner);
  for (const { name, content, mode } of files) secretFile(join(dir, name), content.expose(), owner, mode);
}

/** Makes a folder that only its owner can enter, and its parents that only root can. */
function secretFolder(dir: string, owner: Owner): void {
  try {
    mkdirSync(dirname(dir), { recursive: true, mode: 0o700 });
    mkdirSync(dir, { recursive: true, mode: 0o500 });
    chownSync(dir, owner.uid, owner.gid);
    chmodSync(dir, 0o500);
  } catch (error) {
    throw fileError(dir, error);
  }
}

/** Writes a file 0400 (or `mode`) for its owner; O_EXCL after removing an older one, so no link is followed. */
export function secretFile(file: string, bytes: Uint8Array, owner: Owner, mode = 0o400): void {
  try {
    rmSync(file, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    chownSync(file, owner.uid, owner.gid);
    chmodSync(file, mode);
  } catch (error) {
    throw fileError(file, error);
  }
}

function fileError(file: string, error: unknown): UnsprawlError {
  const code = (error as { code?: string }).code;
  if (code === "ENOSPC")
    return new UnsprawlError("failed", `no space left for ${file}`, `make room on ${join(file, "..")}`, causeOf(error));
  return new UnsprawlError(
    code === "EACCES" || code === "EPERM" ? "denied" : "failed",
    `cannot write ${file}`,
    "run as root on the engine's host",
    causeOf(error),
  );
}
