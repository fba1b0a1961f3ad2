import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { bare, cmd } from "../shell.ts";
import { isTrusted, effectiveUid } from "./owner.ts";
import { foreignFile } from "./roots-alone.ts";
import { statePath } from "./state-path.ts";
import { makeFolders } from "./folders.ts";

/** The holder of a lock, for messages only: untrusted, so it is never used for decisions or paths. */
export type Holder = { readonly pid: number; readonly host: string; readonly space: string; readonly what: string };

export type Lock = { release(): void };

/**
 * Takes the named lock, or returns null if another process (or another holder in this one) has it. The lock is an
 * exclusive transaction on an empty SQLite database in the state folder, so the system holds it: across process
 * namespaces and containers that share the folder, and until the process ends, however it ends.
 *
 * `breakIt` takes the lock from a holder that hangs; that process is not stopped, but no longer holds it. With
 * `patient` false it does not wait briefly, for callers that retry anyway. Throws `failed`, or `refused` if the state
 * folder is not ours.
 */
export function takeLock(
  state: string,
  name: string,
  what: string,
  { breakIt = false, patient = true }: { readonly breakIt?: boolean; readonly patient?: boolean } = {},
): Lock | null {
  const folder = lockFolder(state);
  const id = randomBytes(6).toString("hex");
  const db = taken(folder, name, breakIt, patient ? BUSY_MS : 0);
  if (db === null) return null;
  held.add(db);
  note(folder, name, { id, pid: process.pid, host: hostname(), space: processSpace(), what });
  return {
    release() {
      if (!db.isOpen) return;
      if (noteOf(folder, name)?.id === id) rmSync(noteFile(folder, name), { force: true });
      held.delete(db);
      db.close();
    },
  };
}

/** The present holder of the named lock; null if it is free, or if the holder's note cannot be read. */
export function lockHolder(state: string, name: string): Holder | null {
  const folder = join(state, FOLDER);
  const holder = noteOf(folder, name);
  if (holder === null) return null;
  const db = openDatabase(lockFolder(state), name, newest(folder, name), 0);
  try {
    // Fails while a holder has an exclusive transaction.
    db.exec("BEGIN; SELECT count(*) FROM sqlite_schema; ROLLBACK;");
    return null;
  } catch (error) {
    if (isBusy(error)) return holder;
    throw failed(error, folder);
  } finally {
    db.close();
  }
}

/**
 * Runs `fn` under the lock of a file. The lock is in the user's own state folder, never beside the file, since what
 * others put there is not trusted. So different users or state folders do not exclude each other; `expect` in
 * `atomicWrite` catches their writes at the last moment. Throws `locked` after `waitMs`.
 */
export async function withFileLock<T>(
  path: string,
  fn: () => Promise<T>,
  waitMs = 20_000,
  state = statePath(process.env),
): Promise<T> {
  const name = `file-${shortDigest(realPath(path))}`;
  const until = Date.now() + waitMs;
  let lock: Lock | null = null;
  while ((lock = takeLock(state, name, `writing ${path}`, { patient: false })) === null) {
    if (Date.now() > until) {
      const holder = lockHolder(state, name);
      const who = holder === null ? "another process" : `process ${holder.pid} on ${holder.host}`;
      throw new UnsprawlError(
        "locked",
        `${path} is locked by ${who}`,
        cmd`wait for it; ${bare(endHolderHint(holder))}`,
      );
    }
    await sleep(3 + Math.random() * 12);
  }
  try {
    return await fn();
  } finally {
    lock.release();
  }
}

/** How to end a holder that hangs. The process id is valid only on the same host and in the same process namespace. */
export function endHolderHint(holder: Holder | null): string {
  if (holder === null) return "if it hangs, end it";
  const here = holder.host === hostname() && holder.space === processSpace();
  return here ? cmd`if it hangs: kill ${holder.pid}` : cmd`if it hangs, end process ${holder.pid} on ${holder.host}`;
}

export function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

const FOLDER = "lock";
/** Keeps open databases reachable: garbage collection would close them and release their locks. */
const held = new Set<DatabaseSync>();
/** `lockHolder` takes the lock for a moment; wait for that. */
const BUSY_MS = 40;

/**
 * A broken lock gets the next number, and the highest number is the valid lock, so the holder of an earlier one holds
 * nothing. Files are never removed: otherwise two processes could hold two files of the same name.
 */
function taken(folder: string, name: string, breakIt: boolean, busyMs: number): DatabaseSync | null {
  for (;;) {
    const number = newest(folder, name);
    const db = exclusive(folder, name, number, busyMs);
    if (db === null) {
      const next = breakIt ? exclusive(folder, name, number + 1, busyMs) : null;
      if (next === null || newest(folder, name) === number + 1) return next;
      next.close();
    } else {
      if (newest(folder, name) === number) return db;
      db.close();
    }
  }
}

function newest(folder: string, name: string): number {
  const numbers = readdirSync(folder).flatMap((file) => {
    const end = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
    return /^\d{1,9}$/.test(end) ? [Number(end)] : [];
  });
  return Math.max(0, ...numbers);
}

/** Null if another process has it. */
function exclusive(folder: string, name: string, number: number, busyMs: number): DatabaseSync | null {
  const db = openDatabase(folder, name, number, busyMs);
  try {
    // Without a journal file beside it.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // SQLite creates the file according to the umask. Changed by path, since opening the file here would break the lock
    // (see openDatabase).
    chmodSync(join(folder, `${name}.${number}`), 0o600);
    return db;
  } catch (error) {
    db.close();
    if (isBusy(error)) return null;
    throw failed(error, folder);
  }
}

/** Nothing else may open this file: closing it would release this process's lock (fcntl(2), F_SETLK). */
function openDatabase(folder: string, name: string, number: number, timeout: number): DatabaseSync {
  try {
    return new (sqlite().DatabaseSync)(join(folder, `${name}.${number}`), { timeout });
  } catch (error) {
    throw failed(error, folder);
  }
}

function isBusy(error: unknown): boolean {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  return code === 5 || code === 6; // sqlite3.h: SQLITE_BUSY, SQLITE_LOCKED
}

/** Loaded when the first lock is taken. Suppresses Node's warning that SQLite is experimental. */
function sqlite(): typeof import("node:sqlite") {
  const warn = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? {};
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    Object.defineProperty(process, "emitWarning", warn);
  }
}

/** The folder of the locks, created if missing. SQLite trusts its files, so nobody else may be able to write there. */
function lockFolder(state: string): string {
  const folder = join(state, FOLDER);
  try {
    makeFolders(folder, 0o700);
    const real = realpathSync(state);
    for (const own of [real, join(real, FOLDER)]) {
      const stat = lstatSync(own);
      if (!isTrusted(stat.uid) || !stat.isDirectory()) throw foreign(`${own} belongs to user ${stat.uid}`);
      if (stat.uid === effectiveUid() && (stat.mode & 0o077) !== 0) chmodSync(own, 0o700);
    }
    // For root, nobody else may be able to replace any parent folder.
    const fault = effectiveUid() === 0 ? foreignFile([state]) : null;
    if (fault !== null) throw foreign(fault);
  } catch (error) {
    throw failed(error, folder);
  }
  return folder;
}

function foreign(why: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `another user can replace the state folder: ${why}`,
    "run unsprawl as the user whose folder it is, or with root's home: sudo -H unsprawl …, or XDG_STATE_HOME",
  );
}

function failed(error: unknown, folder: string): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = (error as { code?: string }).code;
  const full = code === "ENOSPC" || ((error as { errcode?: number }).errcode ?? 0) % 256 === 13;
  return new UnsprawlError(
    "failed",
    full ? "no space left for the lock" : `the lock in ${folder} cannot be written`,
    "make room in the state folder (XDG_STATE_HOME), or check its rights, then try again",
    causeOf(error),
  );
}

function realPath(path: string): string {
  const whole = resolve(path);
  for (const [dir, name] of [
    [whole, ""],
    [dirname(whole), basename(whole)],
  ] as const) {
    try {
      return join(realpathSync(dir), name);
    } catch {
      continue; // not there yet
    }
  }
  return whole;
}

const noteFile = (folder: string, name: string): string => join(folder, `${name}.holder`);

function note(folder: string, name: string, holder: Holder & { readonly id: string }): void {
  try {
    writeFileSync(noteFile(folder, name), JSON.stringify(holder), { mode: 0o600 });
  } catch {
    // The disk is full: the lock is valid, but its holder is unknown.
    rmSync(noteFile(folder, name), { force: true });
  }
}

function noteOf(folder: string, name: string): (Holder & { readonly id: string }) | null {
  try {
    const {
      id,
      pid,
      host,
      space: where,
      what,
    } = JSON.parse(readFileSync(noteFile(folder, name), "utf8")) as Holder & { id: string };
    return { id: String(id), pid: Number(pid), host: String(host), space: String(where), what: String(what) };
  } catch {
    return null;
  }
}

/** The process namespace of this process: another in each container. */
export function processSpace(): string {
  if (process.platform !== "linux") return "";
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
