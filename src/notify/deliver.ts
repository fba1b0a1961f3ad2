import type { ChannelDelivery, Outbox, Outlet } from "../contract/channel.ts";
import { REAL, type Clock } from "./clock.ts";
import { ChannelQueue } from "./line.ts";

export type DeliveryTools = {
  readonly history: Outbox;
  readonly outlets: readonly Outlet[];
  /** A line for people about channels that do not work. */
  readonly say: (text: string) => void;
  readonly clock?: Clock;
};

/**
 * Delivers what the history's outbox holds, on all channels side by side, until `stop`; a failing channel does not
 * delay the others. Each change is sent at least once, even if the process is killed, and may be sent twice with the
 * same id. Never throws: failures are reported and retried.
 */
export function startDelivery({ history, outlets, say, clock = REAL }: DeliveryTools): ChannelDelivery {
  const lines = outlets.map((outlet) => new ChannelQueue(outlet, { history, say, clock }));
  const running = lines.map((line) => line.run());
  return {
    wake() {
      for (const line of lines) line.wake();
    },
    async stop(limitMs) {
      const done = new AbortController();
      const limit = clock.sleep(limitMs, done.signal).then(() => {
        for (const line of lines) line.giveUp();
      });
      for (const line of lines) line.finish();
      await Promise.all(running);
      done.abort();
      await limit;
    },
  };
}
