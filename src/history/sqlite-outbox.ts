import type { DatabaseSync } from "node:sqlite";
import type { History, QueuedChange } from "../contract/history.ts";
import type { Change } from "../model/change.ts";

/** Undelivered changes, and which process is delivering them. */
export function outboxOf(
  db: DatabaseSync,
  within: <T>(act: () => T) => T,
): Pick<History, "claim" | "delivered" | "postpone" | "waiting"> {
  const these = "channel = ? AND seq IN (SELECT seq FROM changes WHERE id IN (SELECT value FROM json_each(?)))";
  return {
    claim: async (channel, limit, leaseMs) =>
      within((): readonly QueuedChange[] => {
        const now = Date.now();
        const due = db.prepare(
          `SELECT seq, tries, change FROM outbox JOIN changes USING (seq)
           WHERE channel = ? AND due <= ? ORDER BY seq LIMIT ?`,
        );
        const rows = due.all(channel, now, limit);
        const lease = db.prepare("UPDATE outbox SET due = ?, tries = tries + 1 WHERE channel = ? AND seq = ?");
        for (const { seq } of rows) lease.run(now + leaseMs, channel, Number(seq));
        return rows.map(({ tries, change }) => ({
          change: JSON.parse(String(change)) as Change,
          tries: Number(tries),
        }));
      }),
    delivered: async (channel, ids) =>
      within(() => void db.prepare(`DELETE FROM outbox WHERE ${these}`).run(channel, JSON.stringify(ids))),
    postpone: async (channel, ids, until) =>
      within(() => {
        const later = db.prepare(`UPDATE outbox SET due = ? WHERE ${these}`);
        later.run(until.getTime(), channel, JSON.stringify(ids));
      }),
    waiting: async (channel) =>
      within(() => {
        const all =
          "SELECT count(*) AS count, min(at) AS oldest FROM outbox JOIN changes USING (seq) WHERE channel = ?";
        const row = db.prepare(all).get(channel) as unknown as { count: number; oldest: string | null };
        return { count: row.count, oldest: row.oldest };
      }),
  };
}
