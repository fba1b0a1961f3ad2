import { UnsprawlError } from "../../model/error.ts";
import { digest, endOf, lockHolder, takeLock, type Lock } from "../../kit/io/lock.ts";
import { bare, cmd } from "../../kit/shell.ts";

/** Holds the lock of the one watch that a machine has. Throws `locked` and says whose it is. */
export function lockWatch(state: string): Lock {
  const lock = takeLock(state, WATCH, "unsprawl watch");
  if (lock !== null) return lock;
  const holder = lockHolder(state, WATCH);
  throw new UnsprawlError(
    "locked",
    `another unsprawl watches this machine${by(holder)}`,
    holder === null
      ? "unsprawl watch runs once a machine; end the other"
      : endOf(holder).replace("if it hangs", "to end it"),
  );
}

/**
 * Holds the lock of one engine while a run works on it; that of a killed process is free. With `breakLock` it is taken from
 * a holder that hangs. Throws `locked` and says whose it is.
 */
export function lockEngine(state: string, engineId: string, what: string, breakLock: boolean): Lock {
  const lock = takeLock(state, nameOf(engineId), what, { breakIt: breakLock });
  if (lock !== null) return lock;
  const holder = lockHolder(state, nameOf(engineId));
  throw new UnsprawlError(
    "locked",
    `another unsprawl works on this engine${by(holder)}`,
    cmd`wait for it; ${bare(endOf(holder))}; --break-lock takes the lock from one that cannot be ended`,
  );
}

/** What holds this engine right now, such as `run ID`; null when nothing does. */
export function lockOwner(state: string, engineId: string): string | null {
  return lockHolder(state, nameOf(engineId))?.what ?? null;
}

const WATCH = "watch";

const nameOf = (engineId: string): string => `engine-${digest(engineId)}`;

function by(holder: ReturnType<typeof lockHolder>): string {
  return holder === null ? "" : `: ${holder.what} (process ${holder.pid} on ${holder.host})`;
}
