import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UnsprawlError } from "../model/error.ts";

/**
 * Replaces a file whole or not at all: written beside it (0600 until done), synced, renamed, the folder synced.
 * Keeps the old file's mode and owner unless `mode` is given; a new file is 0600. A symbolic link stays one, its
 * target is replaced. Throws `denied`, `failed` (no space; nothing changed), `refused` (not a plain file).
 * Rules: pitfalls.md section 7, "atomic rewrite".
 */
export async function atomicWrite(
  path: string,
  bytes: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const target = await linkTarget(path);
  const temp = join(dirname(target), `${tempPrefix(target)}${randomBytes(6).toString("hex")}.tmp`);
  try {
    const old = await lstat(target).catch(absentAsNull);
    if (old && !old.isFile())
      throw new UnsprawlError("refused", `${path} is not a plain file`, "name a file that can be replaced");
    const file = await open(
      temp,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await file.writeFile(bytes);
      const made = await file.stat();
      if (old && (made.uid !== old.uid || made.gid !== old.gid)) await file.chown(old.uid, old.gid);
      await file.chmod(options.mode ?? (old ? old.mode & 0o7777 : 0o600));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temp, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {});
    throw fileError(error, path);
  }
}

/** Removes what killed writers and waiters of this file left beside it. Only under the file's lock. */
export async function sweepTemps(path: string): Promise<void> {
  const target = await linkTarget(path);
  const folder = dirname(target);
  for (const name of await readdir(folder).catch(() => [])) {
    const temp = isTemp(name, target);
    const waiter = name.startsWith(`${basename(target)}.lock.`) ? await readOwner(join(folder, name)) : null;
    if (temp || (waiter !== null && !alive(waiter))) await rm(join(folder, name), { force: true });
  }
}

/** Whether anything of a writer stands beside this file: of one at work, or of one that was killed. */
export async function hasWriters(path: string): Promise<boolean> {
  const target = await linkTarget(path);
  const names = await readdir(dirname(target)).catch(() => []);
  return names.some((name) => name.startsWith(`${basename(target)}.lock`) || isTemp(name, target));
}

/** Reduces a file system error to what went wrong with which file, and what to do. */
export function fileError(error: unknown, path: string): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UnsprawlError(
      "failed",
      `no space left to write ${path}`,
      `free some on the file system of ${dirname(path)}; nothing was changed`,
      code,
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new UnsprawlError("denied", `no permission for ${path}`, `ls -ld ${dirname(path)} ${path}`, code);
  }
  return new UnsprawlError("failed", `cannot use the file ${path}`, null, typeof code === "string" ? code : "Error");
}

type Owner = {
  readonly id: string;
  readonly pid: number;
  readonly started: string;
  readonly host: string;
  readonly boot: string;
  readonly space: string;
};

/**
 * Runs `fn` while holding `PATH.lock`. A lock whose process is gone (killed, or the machine was restarted) is taken
 * over; a living one is waited for, then `locked` says who holds it. One on another host or in another process
 * namespace cannot be judged from here and counts as living.
 */
export async function withFileLock<T>(path: string, fn: () => Promise<T>, waitMs = 20_000): Promise<T> {
  const lock = `${path}.lock`;
  const mine = thisProcess();
  // Written whole under another name and then linked: a lock file is never seen half written.
  const fresh = `${lock}.${mine.id}`;
  await exclusive(fresh, JSON.stringify(mine), path);
  try {
    const until = Date.now() + waitMs;
    while (!(await linked(fresh, lock, path))) {
      const owner = await readOwner(lock);
      if (owner !== null && !alive(owner) && (await claim(lock, owner, fresh, path))) continue;
      if (Date.now() > until) throw locked(lock, owner, path);
      await sleep(3 + Math.random() * 12);
    }
  } finally {
    await rm(fresh, { force: true });
  }
  try {
    return await fn();
  } finally {
    if ((await readOwner(lock))?.id === mine.id) await rm(lock, { force: true });
  }
}

/**
 * Removes a dead owner's lock. Only who holds the claim on that very owner may, and looks again after it got it, so
 * that nobody removes the lock of the one who was faster. A claim of a dead claimer is claimed in the same way.
 */
async function claim(lock: string, dead: Owner, fresh: string, path: string): Promise<boolean> {
  const ticket = `${lock}.${dead.id}.claim`;
  if (!(await linked(fresh, ticket, path))) {
    const claimer = await readOwner(ticket);
    return claimer !== null && !alive(claimer) && claim(ticket, claimer, fresh, path);
  }
  if ((await readOwner(lock))?.id === dead.id) {
    await rm(lock, { force: true });
    await rm(`${lock}.${dead.id}`, { force: true });
  }
  await rm(ticket, { force: true });
  return true;
}

function locked(lock: string, owner: Owner | null, path: string): UnsprawlError {
  const who = owner === null ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return new UnsprawlError("locked", `${path} is locked by ${who}`, `wait for it; if it is gone for good: rm ${lock}`);
}

async function exclusive(file: string, text: string, path: string): Promise<void> {
  try {
    const handle = await open(
      file,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(file, { force: true }).catch(() => {});
    throw fileError(error, path);
  }
}

async function linked(from: string, to: string, path: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw fileError(error, path);
  }
}

async function readOwner(lock: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(lock, "utf8")) as Owner;
  } catch {
    return null;
  }
}

function thisProcess(): Owner {
  return {
    id: randomBytes(6).toString("hex"),
    pid: process.pid,
    started: startedAt(process.pid),
    host: hostname(),
    boot: orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    space: orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  };
}

function alive(owner: Owner): boolean {
  const here = thisProcess();
  if (owner.host !== here.host) return true;
  if (owner.boot !== here.boot) return false;
  if (owner.space !== here.space) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as { code?: string }).code !== "EPERM") return false;
  }
  // A process id alone may have been given to another since.
  return owner.started === startedAt(owner.pid);
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot; empty where there is no /proc. */
function startedAt(pid: number): string {
  return orEmpty(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  });
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** Told from other programs' temporary files. */
function isTemp(name: string, target: string): boolean {
  return name.startsWith(tempPrefix(target)) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(tempPrefix(target).length));
}

function tempPrefix(target: string): string {
  return `.${basename(target)}.`;
}

async function linkTarget(path: string): Promise<string> {
  const found = await lstat(path).catch(() => null);
  return found?.isSymbolicLink() ? realpath(path).catch(() => path) : path;
}

function absentAsNull(error: unknown): null {
  if ((error as { code?: string }).code === "ENOENT") return null;
  throw error;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
