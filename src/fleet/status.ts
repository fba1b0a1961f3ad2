import type { History } from "../contract/history.ts";
import { jobCounts, instances, type Queue } from "./queue.ts";
import type { FleetStore, FleetUnitState } from "./store.ts";

/** The document of `fleet status --json`. */
export type FleetStatus = {
  readonly version: 1;
  readonly processes: readonly {
    readonly role: string;
    readonly host: string;
    readonly pid: number;
    readonly alive: boolean;
    /** ISO 8601. */
    readonly heard: string;
    /** Jobs in progress when it was last seen. */
    readonly active: number;
  }[];
  /** Jobs by queue and state. */
  readonly jobs: readonly { readonly queue: string; readonly state: string; readonly count: number }[];
  readonly units: readonly FleetUnitState[];
  /** Undelivered changes, by channel. */
  readonly waiting: readonly { readonly channel: string; readonly count: number; readonly oldest: string | null }[];
};

/** The state of the fleet. Workers that stopped normally are left out; dead ones are listed. */
export async function statusOf(
  queue: Queue,
  store: FleetStore,
  history: History,
  channels: readonly string[],
): Promise<FleetStatus> {
  const all = await instances(queue);
  return {
    version: 1,
    processes: all
      .filter(({ stoppedOn }) => stoppedOn === null)
      .map(({ name, host, pid, live, heartbeatOn, workers }) => ({
        role: name ?? "",
        host,
        pid,
        alive: live,
        heard: heartbeatOn.toISOString(),
        active: workers.reduce((sum, { active }) => sum + active, 0),
      })),
    jobs: await jobCounts(queue),
    units: await store.units(),
    waiting: await Promise.all(channels.map(async (channel) => ({ channel, ...(await history.waiting(channel)) }))),
  };
}
