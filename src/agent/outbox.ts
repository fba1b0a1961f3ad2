import type { Outbox } from "../contract/channel.ts";
import type { AgentNotice } from "../model/notice.ts";

/** Of a channel that does not work the oldest notices are dropped beyond this many. */
const MOST = 1000;

type WaitingNotice = { readonly change: AgentNotice; tries: number; due: number };

/** An outbox that ends with its process: for what is worth telling now or not at all. */
export type MemoryOutbox = Outbox & { add(notice: AgentNotice): void };

export function memoryOutbox(channels: readonly string[], now: () => number = Date.now): MemoryOutbox {
  const waiting = new Map<string, WaitingNotice[]>(channels.map((name) => [name, []]));
  const of = (channel: string): WaitingNotice[] => waiting.get(channel) ?? [];
  return {
    add(notice) {
      for (const queue of waiting.values()) {
        queue.push({ change: notice, tries: 0, due: 0 });
        if (queue.length > MOST) queue.shift();
      }
    },
    async claim(channel, limit, leaseMs) {
      const due = of(channel).filter((one) => one.due <= now());
      return due.slice(0, limit).map((one) => {
        one.due = now() + leaseMs;
        return { change: one.change, tries: one.tries++ };
      });
    },
    async delivered(channel, ids) {
      waiting.set(
        channel,
        of(channel).filter(({ change }) => !ids.includes(change.id)),
      );
    },
    async postpone(channel, ids, until) {
      for (const one of of(channel)) if (ids.includes(one.change.id)) one.due = until.getTime();
    },
    async waiting(channel) {
      const all = of(channel);
      return { count: all.length, oldest: all[0]?.change.at ?? null };
    },
  };
}
