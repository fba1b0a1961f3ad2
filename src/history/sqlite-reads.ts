import type { DatabaseSync } from "node:sqlite";
import type { History } from "../contract/history.ts";
import type { Change } from "../model/change.ts";
import type { TrendPoint } from "../model/trend.ts";
import { mergedTrend, type HostPoint } from "./merged-trend.ts";

/** The queries of people and reports. */
export function sqliteReads(
  db: DatabaseSync,
  guarded: <T>(act: () => T) => T,
): Pick<History, "hosts" | "trend" | "changes"> {
  return {
    hosts: async () =>
      guarded(() => {
        const rows = db.prepare("SELECT host, max(at) AS last FROM scans GROUP BY host ORDER BY host").all();
        return rows.map(({ host, last }) => ({ host: String(host), last: String(last) }));
      }),
    trend: async (host, limit) =>
      guarded(() => {
        const newest = db.prepare(
          `SELECT seq, host, trend FROM scans WHERE trend IS NOT NULL AND (host = ?1 OR ?1 IS NULL)
           ORDER BY seq DESC LIMIT ?2`,
        );
        const rows = newest.all(host, limit).reverse();
        const points = rows.map(pointOf);
        if (host !== null) return points.map(([, point]) => point);
        // In a query with `max`, columns of `trend` without an aggregate come from the row with the maximum.
        const before = db.prepare(
          "SELECT max(seq), host, trend FROM scans WHERE trend IS NOT NULL AND seq < ? GROUP BY host",
        );
        return mergedTrend(points, before.all(rows[0]?.["seq"] ?? 0).map(pointOf));
      }),
    changes: async (limit) =>
      guarded(() => {
        const rows = db.prepare("SELECT change FROM changes ORDER BY seq DESC LIMIT ?").all(limit);
        return rows.map(({ change }) => JSON.parse(String(change)) as Change);
      }),
  };
}

const pointOf = (row: { readonly [column: string]: unknown }): HostPoint => [
  String(row["host"]),
  JSON.parse(String(row["trend"])) as TrendPoint,
];
