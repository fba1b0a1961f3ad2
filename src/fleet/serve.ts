import { setTimeout as sleep } from "node:timers/promises";
import type { FleetSource } from "../core/config/fleet.ts";
import { enqueueExpansion, hasJobs, schedule, type Queue } from "./queue.ts";
import type { FleetStore } from "./store.ts";

export type ServeTools = {
  readonly queue: Queue;
  readonly store: FleetStore;
  /** Called every few seconds: workers may have found something. */
  readonly look: () => void;
};

const TIDY_MS = 3_600_000;
const BUSY_MS = 500;
const LOOK_MS = 3000;

/**
 * Schedules every source now, and again when it is due, until it is cancelled; with `once` until all that was scheduled
 * is done. The schedule is in the database, so another server can continue it.
 */
export async function serve(
  sources: readonly FleetSource[],
  once: boolean,
  { queue, store, look }: ServeTools,
  signal: AbortSignal,
): Promise<void> {
  if (!once) await schedule(queue, sources);
  for (const one of sources) await enqueueExpansion(queue, one);
  if (once) {
    while (!signal.aborted && (await hasJobs(queue))) await pause(BUSY_MS, signal);
    // If it is cancelled, not all of them were done.
    return signal.throwIfAborted();
  }
  const tidying = async (): Promise<void> => {
    while (!signal.aborted) {
      // What could not be cleaned up is cleaned up next time: nothing waits for it.
      await store.tidy().catch(() => undefined);
      await pause(TIDY_MS, signal);
    }
  };
  const looking = async (): Promise<void> => {
    for (; !signal.aborted; await pause(LOOK_MS, signal)) look();
  };
  await Promise.all([tidying(), looking()]);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
