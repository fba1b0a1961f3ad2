import type { ChannelDelivery, Outbox, Outlet } from "../contract/channel.ts";
import { REAL, type Clock } from "./clock.ts";
import { ChannelQueue } from "./line.ts";

export type DeliveryTools = {
  readonly history: Outbox;
  readonly outlets: readonly Outlet[];
  /** A line for people, about channels that do not work. */
  readonly say: (text: string) => void;
  readonly clock?: Clock;
};

/**
 * Tells on each channel what the history's outbox holds for it, side by side, until `stop`; a channel that fails holds
 * up no other. Each change is told at least once, whenever the process is killed, and may be told twice with the same
 * id. Never throws: what goes wrong is said, and tried again.
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
