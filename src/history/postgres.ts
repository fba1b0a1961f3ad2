import type { History } from "../contract/history.ts";
import type { Change } from "../model/change.ts";
import type { TrendPoint } from "../model/trend.ts";
import type { Database, SqlQuery } from "./database.ts";
import { insertAddition, hostBaseline } from "./postgres-rows.ts";
import { updateSchema } from "./schema.ts";
import { mergedTrend, type HostPoint } from "./merged-trend.ts";

/** The history of a fleet, in the schema `unsprawl` of a PostgreSQL database, which is created or updated first. */
export async function postgresHistory(database: Database): Promise<History> {
  await updateSchema(database);
  const { query } = database;
  return {
    remember: (host, scanId, channels, judge, about) =>
      database.transaction(async (within) => {
        // Scans of one host take turns, so that each is compared with the one before.
        await within("select pg_advisory_xact_lock(hashtextextended($1, 7771))", [host]);
        const known = await within("select 1 from unsprawl.scan where id = $1", [scanId]);
        if (known.length > 0) return null;
        const addition = judge(await hostBaseline(within, host, about));
        await insertAddition(within, host, addition, channels);
        return addition;
      }),
    hosts: () => query("select host, max(at) as last from unsprawl.scan group by host order by host"),
    past: (host, about) => hostBaseline(query, host, about),
    trend: (host, limit) => trendOf(query, host, limit),
    async changes(limit) {
      const rows = await query<{ change: string }>("select change from unsprawl.change order by seq desc limit $1", [
        limit,
      ]);
      return rows.map(({ change }) => JSON.parse(change) as Change);
    },
    async claim(channel, limit, leaseMs) {
      const rows = await query<{ change: string; tries: number }>(
        `with due as (
           select channel, seq, tries from unsprawl.outbox
           where channel = $1 and due <= clock_timestamp() order by seq limit $2 for update skip locked
         ), taken as (
           update unsprawl.outbox o set due = clock_timestamp() + $3 * interval '1 millisecond', tries = o.tries + 1
           from due where o.channel = due.channel and o.seq = due.seq
         )
         select c.change, due.tries from due join unsprawl.change c using (seq) order by due.seq`,
        [channel, limit, leaseMs],
      );
      return rows.map(({ change, tries }) => ({ change: JSON.parse(change) as Change, tries }));
    },
    async delivered(channel, ids) {
      await query(`delete from unsprawl.outbox where ${THESE}`, [channel, ids]);
    },
    async postpone(channel, ids, until) {
      await query(`update unsprawl.outbox set due = $3 where ${THESE}`, [channel, ids, until]);
    },
    async waiting(channel) {
      const [row] = await query<{ count: number; oldest: string | null }>(
        `select count(*)::integer as count, min(c.at) as oldest
         from unsprawl.outbox o join unsprawl.change c using (seq) where o.channel = $1`,
        [channel],
      );
      return { count: row?.count ?? 0, oldest: row?.oldest ?? null };
    },
    close: () => database.close(),
  };
}

const THESE = "channel = $1 and seq in (select seq from unsprawl.change where id = any($2))";

async function trendOf(query: SqlQuery, host: string | null, limit: number): Promise<readonly TrendPoint[]> {
  type Row = { readonly seq: string; readonly host: string; readonly trend: string };
  const pointOf = (row: Row): HostPoint => [row.host, JSON.parse(row.trend) as TrendPoint];
  const newest = await query<Row>(
    `select seq, host, trend from unsprawl.scan where trend is not null and ($1::text is null or host = $1)
     order by seq desc limit $2`,
    [host, limit],
  );
  const points = newest.map(pointOf).reverse();
  if (host !== null) return points.map(([, point]) => point);
  const before = await query<Row>(
    `select distinct on (host) seq, host, trend from unsprawl.scan
     where trend is not null and seq < $1 order by host, seq desc`,
    [newest.at(-1)?.seq ?? 0],
  );
  return mergedTrend(points, before.map(pointOf));
}
