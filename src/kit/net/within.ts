/** Why there is no result: the time ran out, or the caller aborted. */
export type Over = "late" | "stopped";

/**
 * Runs `act` for at most `ms` and until `signal` aborts. `act` receives a signal of its end and must release its
 * resources; its result is then ignored.
 */
export async function withTimeLimit<T extends object>(
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
    // After the end, errors from `act` are ignored.
    acting.catch(() => {});
    return await Promise.race([acting, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    over.abort();
  }
}

/** Completes a sentence about a server that did not answer. */
export function noAnswerText(over: Over, ms: number): string {
  return over === "late" ? `no answer within ${Math.round(ms / 100) / 10} s` : "interrupted before it answered";
}
