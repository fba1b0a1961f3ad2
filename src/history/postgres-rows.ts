import type { FindingSelection, Addition, MoveRecord, HostBaseline, Remembered } from "../contract/history.ts";
import type { Finding } from "../model/finding.ts";
import type { SqlQuery } from "./database.ts";

type PostgresFindingRow = {
  readonly id: string;
  readonly finding: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly gone_at: string | null;
  readonly times: number;
  readonly layers: boolean;
};

/** What is known about a host; if `about` selects findings, all that are present, and of the gone ones only these. */
export async function hostBaseline(query: SqlQuery, host: string, about?: FindingSelection): Promise<HostBaseline> {
  const findings = await query<PostgresFindingRow>(
    `select id, finding, first_seen, last_seen, gone_at, times, layers from unsprawl.finding
     where host = $1 and ($2::text[] is null or gone_at is null or id = any($2))`,
    [host, about?.findings ?? null],
  );
  const sources = await query<{ source: string; since: string }>(
    "select source, since from unsprawl.source where host = $1",
    [host],
  );
  const moved = await query<MoveRecord>(
    "select fingerprint, finding, name, run, store, at from unsprawl.moved order by at",
  );
  return {
    findings: new Map(findings.map((row) => [row.id, rememberedOf(row)])),
    moved,
    since: new Map(sources.map(({ source, since }) => [source, since])),
  };
}

function rememberedOf(row: PostgresFindingRow): Remembered {
  return {
    finding: JSON.parse(row.finding) as Finding,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    goneAt: row.gone_at,
    times: row.times,
    layers: row.layers,
  };
}

/** Writes what a scan adds, each kind of row in one statement; the caller has opened the transaction. */
export async function insertAddition(
  query: SqlQuery,
  host: string,
  addition: Addition,
  channels: readonly string[],
): Promise<void> {
  const { scan, seen, changes } = addition;
  await query(
    `insert into unsprawl.scan (id, host, at, duration_ms, subjects, errors, trend) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      ...[scan.id, host, scan.at, Math.round(scan.durationMs), scan.subjects, scan.errors],
      scan.trend && JSON.stringify(scan.trend),
    ],
  );
  await putFindings(query, host, addition.findings);
  await query("update unsprawl.finding set last_seen = $1 where host = $2 and id = any($3)", [scan.at, host, seen]);
  await query(
    "insert into unsprawl.source select $1, source, $2 from unnest($3::text[]) as source on conflict do nothing",
    [host, scan.at, scan.sources],
  );
  await putMoved(query, host, addition.moved);
  if (addition.undone.length > 0)
    await query("delete from unsprawl.moved where (run, finding) in (select * from unnest($1::text[], $2::text[]))", [
      addition.undone.map(({ run }) => run),
      addition.undone.map(({ finding }) => finding),
    ]);
  if (changes.length === 0) return;
  const ids = changes.map(({ id }) => id);
  // In the order of the list: the outbox sends the oldest first, by `seq`.
  await query(
    `insert into unsprawl.change (id, at, change)
     select id, at, change from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (id, at, change, place)
     order by place on conflict (id) do nothing`,
    [ids, changes.map(({ at }) => at), changes.map((one) => JSON.stringify(one))],
  );
  await query(
    `insert into unsprawl.outbox (channel, seq)
     select channel, seq from unnest($1::text[]) as channel, unsprawl.change where id = any($2) on conflict do nothing`,
    [channels, ids],
  );
}

async function putFindings(query: SqlQuery, host: string, findings: readonly Remembered[]): Promise<void> {
  if (findings.length === 0) return;
  const column = <T>(of: (one: Remembered) => T): readonly T[] => findings.map(of);
  await query(
    `insert into unsprawl.finding (host, id, finding, first_seen, last_seen, gone_at, times, layers)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::boolean[])
     on conflict (host, id) do update set finding = excluded.finding, first_seen = excluded.first_seen,
       last_seen = excluded.last_seen, gone_at = excluded.gone_at, times = excluded.times, layers = excluded.layers`,
    [
      ...[host, column(({ finding }) => finding.id), column(({ finding }) => JSON.stringify(finding))],
      ...[column(({ firstSeen }) => firstSeen), column(({ lastSeen }) => lastSeen), column(({ goneAt }) => goneAt)],
      ...[column(({ times }) => times), column(({ layers }) => layers)],
    ],
  );
}

async function putMoved(query: SqlQuery, host: string, moved: readonly MoveRecord[]): Promise<void> {
  if (moved.length === 0) return;
  const column = (of: keyof MoveRecord): readonly string[] => moved.map((one) => one[of]);
  await query(
    `insert into unsprawl.moved (host, run, finding, fingerprint, name, store, at)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
     on conflict do nothing`,
    [...[host, column("run"), column("finding"), column("fingerprint"), column("name"), column("store")], column("at")],
  );
}
