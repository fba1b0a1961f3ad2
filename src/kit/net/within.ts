/** What came instead of a result: the time ran out, or the caller gave up. */
export type Over = "late" | "stopped";

/**
 * Runs `act` for at most `ms` and not after `signal`. `act` is told by its own signal and must let go of what it holds;
 * its result is not waited for.
 */
export async function within<T extends object>(
  ms: number,
  signal: AbortSignal,
  act: (over: AbortSignal) => Promise<T>,
): Promise<T | Over> {
  if (signal.aborted) return "stopped";
  const over = new AbortController();
  let finish: (how: Over) => void = () => {};
  const ended = new Promise<Over>((done) => (finish = done));
  const stop = (): void => finish("stopped");
  const timer = setTimeout(() => finish("late"), ms);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const acting = act(over.signal);
    // Once it is over, what `act` still throws has no reader.
    acting.catch(() => {});
    return await Promise.race([acting, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    over.abort();
  }
}

/** Waits, unless the caller gives up first: false then. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return (await within(ms, signal, () => new Promise<object>(() => {}))) === "late";
}

/** The end of a sentence about whoever did not answer. */
export function overWords(over: Over, ms: number): string {
  return over === "late" ? `no answer within ${Math.round(ms / 100) / 10} s` : "interrupted before it answered";
}
