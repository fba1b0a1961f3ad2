import { setTimeout as sleep } from "node:timers/promises";

/** How long it is waited between attempts, in milliseconds. Each pause doubles the one before, and is drawn around it. */
export type Pauses = {
  readonly firstMs: number;
  /** No pause is longer than this, unless the server asks for it. */
  readonly longestMs: number;
};

/** When it is enough; whichever comes first. */
export type Patience = Pauses & {
  /** Attempts, the first one included. */
  readonly attempts?: number;
  /** Milliseconds from the beginning: no pause ends later. */
  readonly withinMs?: number;
  /** A server that asks for a longer pause than this is not waited for. */
  readonly longestAskedMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * What came of an attempt: an answer, or that it is to be tried again. `askedMs` is how long the server asked to be left
 * alone (`Retry-After`; null when it did not say), `give` is what the last one ends with: a result, or it throws. `again`
 * is called before the pause when it was not the last.
 */
export type Attempt<T> =
  | { readonly done: T }
  | { readonly askedMs: number | null; readonly give: () => T; readonly again?: (pauseMs: number) => void };

/**
 * Attempts until one is done or patience ends; then gives what the last attempt would end with. Whatever `attempt`
 * throws is thrown at once. Throws the signal's reason when it is aborted during a pause.
 */
export async function patiently<T>(
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

/** Who asks to be left alone for no time at all is not asked again at once. */
const LEAST_MS = 10;
/** What a timer can wait: a longer one would go off at once (Node's documentation, timers: setTimeout). */
const MOST_MS = 2 ** 31 - 1;

/** The pause after this many attempts: drawn between half of its size and all of it, so that many do not come back at once. */
export function pauseMs(made: number, { firstMs, longestMs }: Pauses, random: () => number = Math.random): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(made - 1, 30)) * (0.5 + random() / 2);
}

/** `Retry-After` in milliseconds from `now`: seconds, or a date (RFC 9110, 10.2.3). Null when there is none, or it says nothing. */
export function retryAfterMs(value: string | null | undefined, now = Date.now()): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text) - now;
  return Number.isNaN(until) ? null : Math.max(0, until);
}
