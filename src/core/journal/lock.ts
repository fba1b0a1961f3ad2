import { UnsprawlError } from "../../model/error.ts";
import { shortDigest, endHolderHint, lockHolder, takeLock, type Lock } from "../../kit/io/lock.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { startPulse } from "../pulse.ts";

/** Takes the lock of this machine's only watch. Throws `locked` naming the holder. */
export function lockWatch(state: string): Lock {
  return lockService(state, WATCH, "watch", "another unsprawl watches this machine");
}

/** Takes the lock of this state folder's only agent. Throws `locked` naming the holder. */
export function lockAgent(state: string): Lock {
  return lockService(state, AGENT, "agent", "another unsprawl agent serves this host");
}

function lockService(state: string, name: string, verb: "agent" | "watch", taken: string): Lock {
  const lock = takeLock(state, name, `unsprawl ${verb}`);
  if (lock !== null) return beating(lock, startPulse(state, verb));
  const holder = lockHolder(state, name);
  throw new UnsprawlError(
    "locked",
    `${taken}${by(holder)}`,
    holder === null
      ? cmd`unsprawl ${verb} runs once per machine; end the other`
      : endHolderHint(holder).replace("if it hangs", "to end it"),
  );
}

function beating(lock: Lock, pulse: ReturnType<typeof startPulse>): Lock {
  return {
    release() {
      pulse.stop();
      lock.release();
    },
  };
}

/** Whether an agent with this state folder is running. */
export function agentRuns(state: string): boolean {
  return lockHolder(state, AGENT) !== null;
}

/**
 * Takes an engine's lock for a run. A killed process holds no lock. `breakLock` takes it from a holder that hangs.
 * Throws `locked` naming the holder.
 */
export function lockEngine(state: string, engineId: string, what: string, breakLock: boolean): Lock {
  const lock = takeLock(state, nameOf(engineId), what, { breakIt: breakLock });
  if (lock !== null) return lock;
  const holder = lockHolder(state, nameOf(engineId));
  throw new UnsprawlError(
    "locked",
    `another unsprawl is working on ${LOCKED[engineId] ?? "this engine"}${by(holder)}`,
    cmd`wait for it; ${bare(endHolderHint(holder))}; --break-lock takes the lock from one that cannot be ended`,
  );
}

/** What runs without an engine work on. */
const LOCKED: { readonly [engineId: string]: string } = { files: "files", stores: "stores", registries: "a registry" };

/** What holds this engine's lock now, such as `run ID`; null if nothing does. */
export function lockOwner(state: string, engineId: string): string | null {
  return lockHolder(state, nameOf(engineId))?.what ?? null;
}

/**
 * Takes the lock of a store entry, by its reference: until it is released, the agent restarts none of its consumers. Throws
 * `locked` naming the holder.
 */
export function lockEntry(state: string, reference: string, what: string): Lock {
  const lock = takeLock(state, entryLock(reference), what);
  if (lock !== null) return lock;
  const holder = lockHolder(state, entryLock(reference));
  throw new UnsprawlError(
    "locked",
    `another unsprawl rotates it${by(holder)}`,
    cmd`wait for it; ${bare(endHolderHint(holder))}`,
  );
}

/** Whether a run has the lock of this entry. */
export function isEntryLocked(state: string, reference: string): boolean {
  return lockHolder(state, entryLock(reference)) !== null;
}

const entryLock = (reference: string): string => `entry-${shortDigest(reference)}`;

const WATCH = "watch";
const AGENT = "agent";

const nameOf = (engineId: string): string => `engine-${shortDigest(engineId)}`;

function by(holder: ReturnType<typeof lockHolder>): string {
  return holder === null ? "" : `: ${holder.what} (process ${holder.pid} on ${holder.host})`;
}
