import type { DatabaseSync } from "node:sqlite";
import type { FindingSelection, Addition, MoveRecord, HostBaseline, Remembered } from "../contract/history.ts";
import type { Finding } from "../model/finding.ts";

/** What is known about a host; if findings are selected, only about these. */
export function hostBaseline(db: DatabaseSync, host: string, about?: FindingSelection): HostBaseline {
  const rows = rowsOf(db, host, about) as unknown as readonly SqliteFindingRow[];
  const moved = db.prepare("SELECT fingerprint, finding, name, run, store, at FROM moved ORDER BY at").all();
  const sources = db.prepare("SELECT source, since FROM sources WHERE host = ?").all(host);
  return {
    findings: new Map(rows.map((row) => [row.id, rememberedOf(row)])),
    moved: moved as unknown as readonly MoveRecord[],
    since: new Map(sources.map(({ source, since }) => [String(source), String(since)])),
  };
}

function rowsOf(db: DatabaseSync, host: string, about: FindingSelection | undefined): readonly unknown[] {
  const all = "SELECT * FROM findings WHERE host = ?1";
  if (about === undefined) return db.prepare(all).all(host);
  const those = (column: string, at: number): string => `${all} AND ${column} IN (SELECT value FROM json_each(?${at}))`;
  const some = [
    ...[those("id", 2), those("subject_name", 3), those("subject_id", 4)],
    ...(about.present ? [`${all} AND gone_at IS NULL`] : []),
  ].join(" UNION ");
  return db.prepare(some).all(host, ...[about.findings, about.names, about.subjects].map((one) => JSON.stringify(one)));
}

type SqliteFindingRow = {
  readonly id: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly gone_at: string | null;
  readonly times: number;
  readonly layers: number;
  readonly finding: string;
};

function rememberedOf(row: SqliteFindingRow): Remembered {
  return {
    finding: JSON.parse(row.finding) as Finding,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    goneAt: row.gone_at,
    times: row.times,
    layers: row.layers === 1,
  };
}

/** Writes what a scan adds; the caller has opened the transaction. */
export function insertAddition(db: DatabaseSync, host: string, addition: Addition, channels: readonly string[]): void {
  const { scan, findings, seen, changes, moved } = addition;
  const put = db.prepare(
    `INSERT OR REPLACE INTO findings (host, id, first_seen, last_seen, gone_at, times, layers, finding)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const { finding, firstSeen, lastSeen, goneAt, times, layers } of findings)
    put.run(host, finding.id, firstSeen, lastSeen, goneAt, times, layers ? 1 : 0, JSON.stringify(finding));
  const again = "UPDATE findings SET last_seen = ? WHERE host = ? AND id IN (SELECT value FROM json_each(?))";
  db.prepare(again).run(scan.at, host, JSON.stringify(seen));
  const source = db.prepare("INSERT OR IGNORE INTO sources VALUES (?, ?, ?)");
  for (const one of scan.sources) source.run(host, one, scan.at);
  const move = db.prepare("INSERT OR IGNORE INTO moved VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const one of moved) move.run(host, one.run, one.finding, one.fingerprint, one.name, one.store, one.at);
  const back = db.prepare("DELETE FROM moved WHERE run = ? AND finding = ?");
  for (const one of addition.undone) back.run(one.run, one.finding);
  const trend = scan.trend && JSON.stringify(scan.trend);
  db.prepare("INSERT INTO scans (id, host, at, duration_ms, subjects, errors, trend) VALUES (?, ?, ?, ?, ?, ?, ?)").run(
    scan.id,
    host,
    scan.at,
    scan.durationMs,
    scan.subjects,
    scan.errors,
    trend,
  );
  const change = db.prepare("INSERT OR IGNORE INTO changes (id, at, change) VALUES (?, ?, ?)");
  const told = db.prepare("INSERT OR IGNORE INTO outbox SELECT ?, seq, 0, 0 FROM changes WHERE id = ?");
  for (const one of changes) {
    change.run(one.id, one.at, JSON.stringify(one));
    for (const channel of channels) told.run(channel, one.id);
  }
  forget(db, scan.at);
}

/**
 * How much is kept, so that the file stays small: the newest scans and changes, and findings that went away within this
 * time.
 */
const POINTS = 20_000;
const PARTIAL = 2_000;
const CHANGES = 20_000;
const GONE_MS = 90 * 86_400_000;

function forget(db: DatabaseSync, now: string): void {
  const newest = "SELECT seq FROM scans WHERE trend IS";
  for (const [kind, keep] of [
    ["NULL", PARTIAL],
    ["NOT NULL", POINTS],
  ] as const)
    db.prepare(
      `DELETE FROM scans WHERE trend IS ${kind} AND seq <= (${newest} ${kind} ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
    ).run(keep);
  db.prepare(
    "DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ? AND seq NOT IN (SELECT seq FROM outbox)",
  ).run(CHANGES);
  const before = new Date(Date.parse(now) - GONE_MS).toISOString();
  db.prepare("DELETE FROM findings WHERE gone_at IS NOT NULL AND gone_at < ?").run(before);
}
