import { UnsprawlError } from "../model/error.ts";
import type { Database } from "./database.ts";

/**
 * The schema `unsprawl`, one step per version: a released step never changes, another one follows it. Times in reports
 * are stored as text (ISO 8601 in UTC, which sorts), documents as text because `jsonb` does not accept NUL.
 */
const STEPS: readonly string[] = [
  `
create table unsprawl.source (
  host text not null,
  source text not null,
  since text not null,
  primary key (host, source)
);
create table unsprawl.scan (
  seq bigint generated always as identity primary key,
  id text not null unique,
  host text not null,
  at text not null,
  duration_ms bigint not null,
  subjects integer not null,
  errors integer not null,
  trend text
);
create index scan_host on unsprawl.scan (host, seq);
create table unsprawl.finding (
  host text not null,
  id text not null,
  finding text not null,
  first_seen text not null,
  last_seen text not null,
  gone_at text,
  times integer not null,
  layers boolean not null,
  primary key (host, id)
);
create table unsprawl.moved (
  host text not null,
  run text not null,
  finding text not null,
  fingerprint text not null,
  name text not null,
  store text not null,
  at text not null,
  primary key (host, run, finding)
);
create table unsprawl.change (
  seq bigint generated always as identity primary key,
  id text not null unique,
  at text not null,
  change text not null
);
create table unsprawl.outbox (
  channel text not null,
  seq bigint not null references unsprawl.change (seq),
  tries integer not null default 0,
  due timestamptz not null default clock_timestamp(),
  primary key (channel, seq)
);

create table unsprawl.judged (
  settings text not null,
  key text not null,
  judged text not null,
  used timestamptz not null default now(),
  primary key (settings, key)
);
create table unsprawl.unit (
  name text primary key,
  kind text not null,
  registry text,
  last timestamptz,
  subjects integer not null default 0,
  findings integer not null default 0,
  errors text not null default '[]',
  failed timestamptz
);
create table unsprawl.setting (
  name text primary key,
  value text not null
);
create table unsprawl.pause (
  registry text primary key,
  until timestamptz not null
);
`,
];

/** A number for `pg_advisory_xact_lock` that nothing else in unsprawl uses. */
const LOCK = 7_771_902_511;

/**
 * Brings the schema up to date, even if others do so at the same time. Throws `refused` for a schema of a later
 * unsprawl.
 */
export async function updateSchema(database: Database): Promise<void> {
  await database.transaction(async (query) => {
    await query("select pg_advisory_xact_lock($1)", [LOCK]);
    const [there] = await query<{ schema: string | null; version: string | null }>(
      "select to_regnamespace('unsprawl')::text as schema, to_regclass('unsprawl.version')::text as version",
    );
    // If an administrator created the schema, this login does not need the right to.
    if (there?.schema === null) await query("create schema unsprawl");
    if (there?.version === null) await query("create table unsprawl.version (version integer not null)");
    const [found] = await query<{ version: number }>("select version from unsprawl.version");
    const version = found?.version ?? 0;
    if (version > STEPS.length)
      throw new UnsprawlError(
        "refused",
        `the database is of a later unsprawl (schema ${version}, this one knows ${STEPS.length})`,
        "update unsprawl here too",
      );
    if (version === STEPS.length) return;
    for (const step of STEPS.slice(version)) await query(step);
    await query(found ? "update unsprawl.version set version = $1" : "insert into unsprawl.version values ($1)", [
      STEPS.length,
    ]);
  });
}
