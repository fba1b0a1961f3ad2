export const VERSION = 1;

/** Times are ISO 8601, except `due`, which is in milliseconds since 1970. `finding`, `change` and `trend` are JSON. */
export const SCHEMA = `
CREATE TABLE findings (
  host TEXT NOT NULL, id TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, gone_at TEXT,
  times INTEGER NOT NULL, layers INTEGER NOT NULL, finding TEXT NOT NULL,
  subject_name TEXT GENERATED ALWAYS AS (json_extract(finding, '$.location.subjectName')) VIRTUAL,
  subject_id TEXT GENERATED ALWAYS AS (json_extract(finding, '$.location.subjectId')) VIRTUAL,
  PRIMARY KEY (host, id)
) STRICT;
CREATE INDEX findings_gone ON findings (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX findings_by_name ON findings (host, subject_name);
CREATE INDEX findings_by_subject ON findings (host, subject_id);
CREATE TABLE sources (host TEXT NOT NULL, source TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (host, source)) STRICT;
CREATE TABLE moved (
  host TEXT NOT NULL, run TEXT NOT NULL, finding TEXT NOT NULL, fingerprint TEXT NOT NULL, name TEXT NOT NULL,
  store TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (host, run, finding)
) STRICT;
CREATE TABLE scans (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, host TEXT NOT NULL, at TEXT NOT NULL, duration_ms INTEGER NOT NULL,
  subjects INTEGER NOT NULL, errors INTEGER NOT NULL, trend TEXT
) STRICT;
CREATE INDEX scans_of_host ON scans (host, at);
CREATE TABLE changes (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, change TEXT NOT NULL) STRICT;
CREATE TABLE outbox (
  channel TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES changes (seq), tries INTEGER NOT NULL, due INTEGER NOT NULL,
  PRIMARY KEY (channel, seq)
) STRICT;
`;
