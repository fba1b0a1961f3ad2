import { setTimeout as sleep } from "node:timers/promises";

/** Time and chance, replaceable in tests. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends early, without throwing, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** 0..1 */
  random(): number;
};

export const REAL: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  random: () => Math.random(),
};
