import { randomBytes } from "node:crypto";
import { closeSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { causeOf, UnsprawlError } from "../model/error.ts";

type Owner = {
  readonly id: string;
  readonly pid: number;
  readonly started: string;
  readonly host: string;
  readonly what: string;
};

/** Holds the lock of the one watch that a machine has. Throws `locked` and says whose it is. */
export function lockWatch(state: string): { release(): void } {
  return lockFile(state, "watch", { what: "unsprawl watch", of: "watches this machine" }, false);
}

/**
 * Holds the lock of one engine while a run works on it. A lock whose process is gone (killed) is taken over; one of a
 * living process, or of another host on a shared state folder, throws `locked` and says whose it is.
 */
export function lockEngine(state: string, engineId: string, what: string, breakLock: boolean): { release(): void } {
  return lockFile(state, nameOf(engineId), { what, of: "works on this engine" }, breakLock);
}

const nameOf = (engineId: string): string => `engine-${engineId.replace(/[^\w-]/g, "_")}`;

function lockFile(
  state: string,
  name: string,
  { what, of }: { readonly what: string; readonly of: string },
  breakLock: boolean,
): { release(): void } {
  const dir = join(state, "locks");
  makeFolder(dir);
  const file = join(dir, `${name}.json`);
  const mine: Owner = {
    id: randomBytes(4).toString("hex"),
    pid: process.pid,
    started: startedAt(process.pid),
    host: hostname(),
    what,
  };
  // Written whole under another name and then linked: a lock file is never seen half written.
  const fresh = `${file}.${mine.pid}-${mine.id}`;
  sweep(dir);
  try {
    const text = Buffer.from(JSON.stringify(mine));
    const fd = openSync(fresh, "wx", 0o600);
    const written = writeSync(fd, text);
    closeSync(fd);
    if (written < text.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (linked(fresh, file)) return { release: () => release(file, mine) };
      const owner = read(file);
      if (owner === null) continue; // let go of in this moment
      if (!breakLock && (owner.host !== mine.host || alive(owner))) throw held(owner, of, file);
      claim(file, owner, fresh);
    }
    throw new UnsprawlError("locked", "the lock could not be taken", `try again; rm ${file} if no unsprawl runs`);
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    const full = (error as { code?: string }).code === "ENOSPC";
    throw new UnsprawlError(
      "failed",
      full ? "no space left for the lock" : "the lock cannot be written",
      "make room in the state folder (XDG_STATE_HOME), then try again",
      causeOf(error),
    );
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Others who take over the same dead lock are done within a few rounds. */
const ATTEMPTS = 50;

/**
 * Removes a dead owner's lock. Only who holds the claim on that very owner may, and looks again once it has it, so that
 * nobody removes the lock of one who was faster. A dead claimer's claim is claimed in the same way.
 */
function claim(file: string, dead: Owner, fresh: string): void {
  const ticket = `${file}.${dead.id}.claim`;
  if (!linked(fresh, ticket)) {
    const claimer = read(ticket);
    if (claimer !== null && !alive(claimer)) claim(ticket, claimer, fresh);
    return;
  }
  if (read(file)?.id === dead.id) rmSync(file, { force: true });
  rmSync(ticket, { force: true });
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UnsprawlError(
      "failed",
      `cannot create ${dir}`,
      "make room in the state folder (XDG_STATE_HOME)",
      causeOf(error),
    );
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether a run's process holds this engine right now. */
export function lockOwner(state: string, engineId: string): string | null {
  const owner = read(join(state, "locks", `${nameOf(engineId)}.json`));
  return owner && alive(owner) ? owner.what : null;
}

/** Takes away what a process left that was killed while it took a lock: its file is named after its process. */
function sweep(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = Number(/\.json\.(\d+)-[0-9a-f]+$/.exec(name)?.[1] ?? process.pid);
    if (!exists(pid)) rmSync(join(dir, name), { force: true });
  }
}

function held(owner: Owner, of: string, file: string): UnsprawlError {
  return new UnsprawlError(
    "locked",
    `another unsprawl ${of}: ${owner.what} (process ${owner.pid} on ${owner.host})`,
    of === "watches this machine"
      ? `kill ${owner.pid} ends it; if it is gone for good: rm ${file}`
      : `wait for it; if it is gone for good: --break-lock (${file})`,
  );
}

function release(file: string, mine: Owner): void {
  if (read(file)?.id === mine.id) rmSync(file, { force: true });
}

/** Who holds a lock; null when nobody does. A file that cannot be understood was torn by a crash: its owner is dead. */
function read(file: string): Owner | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return { id: "torn", pid: 0, started: "", host: hostname(), what: "a run that was cut off" };
  }
}

/** A process with this id and this start time: an id alone may have been given to another. */
function alive(owner: Owner): boolean {
  return owner.pid > 0 && exists(owner.pid) && owner.started === startedAt(owner.pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot; empty where there is no /proc. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
