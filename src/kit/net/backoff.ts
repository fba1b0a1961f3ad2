import { setTimeout as sleep } from "node:timers/promises";

/** The pauses between attempts, in milliseconds. Each is twice the one before, with jitter. */
export type Pauses = {
  readonly firstMs: number;
  /** The maximum pause, unless the server asks for a longer one. */
  readonly longestMs: number;
};

/** When to give up: at the limit that is reached first. */
export type Patience = Pauses & {
  /** Including the first. */
  readonly attempts?: number;
  /** Milliseconds since the start: no pause ends later. */
  readonly withinMs?: number;
  /** Gives up if the server asks for a longer pause. */
  readonly longestAskedMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * The result of one attempt: done, or to be retried. `askedMs` is the pause that the server asked for (`Retry-After`;
 * null if none). If this was the last attempt, `give` returns the final result or throws; otherwise `again` is called
 * before the pause.
 */
export type Attempt<T> =
  | { readonly done: T }
  | { readonly askedMs: number | null; readonly give: () => T; readonly again?: (pauseMs: number) => void };

/**
 * Retries with backoff until an attempt is done or the limits are reached; then returns what the last attempt's `give`
 * returns. Errors from `attempt` are not retried. Throws the signal's reason if it aborts during a pause.
 */
export async function withBackoff<T>(
  attempt: (attempts: number) => Promise<Attempt<T>>,
  { attempts = Infinity, withinMs = Infinity, longestAskedMs = Infinity, signal, ...pauses }: Patience,
): Promise<T> {
  const began = Date.now();
  for (let made = 1; ; made++) {
    const came = await attempt(made);
    if ("done" in came) return came.done;
    const { askedMs, give, again } = came;
    const pause = askedMs === null ? pauseMs(made, pauses) : Math.min(Math.max(askedMs, LEAST_MS), MOST_MS);
    const over = made >= attempts || Date.now() - began + pause > withinMs || (askedMs ?? 0) > longestAskedMs;
    if (over) return give();
    again?.(pause);
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
  }
}

/** The minimum pause, even if the server asks for none. */
const LEAST_MS = 10;
/** The longest delay of a timer; longer ones fire immediately (Node's documentation, timers: setTimeout). */
const MOST_MS = 2 ** 31 - 1;

/**
 * The pause after this many attempts, between half and all of its nominal length, so that many clients do not retry at
 * the same time.
 */
export function pauseMs(made: number, { firstMs, longestMs }: Pauses, random: () => number = Math.random): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(made - 1, 30)) * (0.5 + random() / 2);
}

/** `Retry-After` in milliseconds from `now`: seconds or a date (RFC 9110, 10.2.3). Null if it is absent or invalid. */
export function retryAfterMs(value: string | null | undefined, now = Date.now()): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text) - now;
  return Number.isNaN(until) ? null : Math.max(0, until);
}
