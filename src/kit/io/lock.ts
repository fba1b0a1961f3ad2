import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
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
import { isShared, isTrusted, isUnknown, me } from "./owner.ts";
import { statePath } from "./state-path.ts";

/** Who holds a lock, for messages only: nothing is decided by it, and nothing of it becomes a path. */
export type Holder = { readonly pid: number; readonly host: string; readonly space: string; readonly what: string };

export type Lock = { release(): void };

/**
 * Takes the lock of this name, or gives null when another process (or another holder in this one) has it. The lock is an
 * exclusive transaction on an empty SQLite database in the state folder, so the system holds it: over process namespaces,
 * over containers that share the folder, and until the process ends, however it ends. `breakIt` takes it from a holder that
 * hangs, which then holds nothing and is not stopped. Who tries again anyway need not be `patient`. Throws `failed`, and `refused` when the state folder is not ours.
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
  note(folder, name, { id, pid: process.pid, host: hostname(), space: space(), what });
  return {
    release() {
      if (!db.isOpen) return;
      if (noteOf(folder, name)?.id === id) rmSync(noteFile(folder, name), { force: true });
      held.delete(db);
      db.close();
    },
  };
}

/** Who holds the lock of this name right now; null when nobody does, or who it is cannot be read. */
export function lockHolder(state: string, name: string): Holder | null {
  const folder = join(state, FOLDER);
  const holder = noteOf(folder, name);
  if (holder === null) return null;
  const db = openDatabase(lockFolder(state), name, newest(folder, name), 0);
  try {
    // Reading is refused while a holder has it for itself alone.
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
 * Runs `fn` while this process holds the lock of a file. It lies in the user's own state folder, never beside the file:
 * what others put there is not believed. So two users of one machine, or two state folders, do not exclude each other: what
 * they write is caught by the `expect` of `atomicWrite` at the last instant. Throws `locked` after `waitMs`.
 */
export async function withFileLock<T>(
  path: string,
  fn: () => Promise<T>,
  waitMs = 20_000,
  state = statePath(process.env),
): Promise<T> {
  const name = `file-${digest(realPath(path))}`;
  const until = Date.now() + waitMs;
  let lock: Lock | null = null;
  while ((lock = takeLock(state, name, `writing ${path}`, { patient: false })) === null) {
    if (Date.now() > until) {
      const holder = lockHolder(state, name);
      const who = holder === null ? "another process" : `process ${holder.pid} on ${holder.host}`;
      throw new UnsprawlError("locked", `${path} is locked by ${who}`, cmd`wait for it; ${bare(endOf(holder))}`);
    }
    await sleep(3 + Math.random() * 12);
  }
  try {
    return await fn();
  } finally {
    lock.release();
  }
}

/** How to end a holder that hangs: a process id means nothing on another host or in another container. */
export function endOf(holder: Holder | null): string {
  if (holder === null) return "if it hangs, end it";
  const here = holder.host === hostname() && holder.space === space();
  return here ? `if it hangs: kill ${holder.pid}` : cmd`if it hangs, end process ${holder.pid} on ${holder.host}`;
}

export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

const FOLDER = "lock";
/** A database that is only forgotten would be closed, and its lock with it. */
const held = new Set<DatabaseSync>();
/** Who only asks whether a lock is held has it for an instant. */
const BUSY_MS = 40;

/**
 * A broken lock gets the next number, and the highest number is the lock: so who held the one before holds nothing, and
 * files are never removed, which would let two hold two files of one name.
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

/** Null when another has it. */
function exclusive(folder: string, name: string, number: number, busyMs: number): DatabaseSync | null {
  const db = openDatabase(folder, name, number, busyMs);
  try {
    // No journal is written beside it.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // By its path, never opened by us (see openDatabase): SQLite makes it as the umask says.
    chmodSync(join(folder, `${name}.${number}`), 0o600);
    return db;
  } catch (error) {
    db.close();
    if (isBusy(error)) return null;
    throw failed(error, folder);
  }
}

/** Nothing else may open the file: closing it would let go of this process's lock on it (fcntl(2), F_SETLK). */
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

/** Loaded when the first lock is taken; Node notes once a process that its SQLite is experimental, which helps nobody. */
function sqlite(): typeof import("node:sqlite") {
  const warn = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? {};
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    Object.defineProperty(process, "emitWarning", warn);
  }
}

/** The folder of the locks, made when missing. SQLite reads what lies in it, so nobody else may be able to write there. */
function lockFolder(state: string): string {
  const folder = join(state, FOLDER);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const real = realpathSync(state);
    for (const own of [real, join(real, FOLDER)]) {
      const stat = lstatSync(own);
      if (!isTrusted(stat.uid) || !stat.isDirectory()) throw foreign(own, stat.uid);
      if (stat.uid === me() && (stat.mode & 0o077) !== 0) chmodSync(own, 0o700);
    }
    // What root trusts, nobody else may be able to replace.
    if (me() === 0)
      for (let above = dirname(real); ; above = dirname(above)) {
        const stat = lstatSync(above);
        // In a user namespace it may be root's; one that somebody has made in a folder like /tmp is not.
        const known = isTrusted(stat.uid) || (isUnknown(stat.uid) && !isShared(lstatSync(dirname(above))));
        if (!known || ((stat.mode & 0o022) !== 0 && !isShared(stat))) throw foreign(above, stat.uid);
        if (above === dirname(above)) break;
      }
  } catch (error) {
    throw failed(error, folder);
  }
  return folder;
}

function foreign(folder: string, uid: number): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `user ${uid}, or others, can replace the state folder: ${folder} is not root's alone`,
    "run unsprawl as the user whose folder it is, or with a home of its own: sudo -H unsprawl …, or XDG_STATE_HOME",
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
    // A full disk: the lock holds, it just cannot be said who has it.
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

function space(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
