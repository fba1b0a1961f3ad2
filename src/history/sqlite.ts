import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Addition, History, HostBaseline } from "../contract/history.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { outboxOf } from "./sqlite-outbox.ts";
import { sqliteReads } from "./sqlite-reads.ts";
import { insertAddition, hostBaseline } from "./sqlite-rows.ts";
import { SCHEMA, VERSION } from "./sqlite-schema.ts";

/**
 * The history of this machine: `history.db` (0600) in the state folder, created on first use. Several processes may use
 * it at once. Throws `failed` if it cannot be opened, `malformed` if it is not a history, or one of a later version.
 */
export async function openSqliteHistory(state: string): Promise<History> {
  const file = join(state, "history.db");
  const { DatabaseSync } = await quietly(() => import("node:sqlite"));
  let db: DatabaseSync;
  try {
    // Created here, since SQLite would give it the default rights of new files; its journal takes over the file's
    // rights.
    closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
    db = new DatabaseSync(file, { timeout: BUSY_MS });
    prepare(db, file);
  } catch (error) {
    throw failed(error, file);
  }
  // A closed database leaves one file and no journal beside it.
  const close = (): void => void (db.isOpen && db.close());
  process.once("exit", close);
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw failed(error, file);
    }
  };
  const within = <T>(act: () => T): T =>
    guarded(() => {
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = act();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        // With a full disk, SQLite has already rolled back.
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    });
  return {
    remember: async (host, scanId, channels, judge, about) =>
      within((): Addition | null => {
        if (db.prepare("SELECT 1 FROM scans WHERE id = ?").get(scanId) !== undefined) return null;
        const addition = judge(hostBaseline(db, host, about));
        insertAddition(db, host, addition, channels);
        return addition;
      }),
    past: async (host, about): Promise<HostBaseline> => guarded(() => hostBaseline(db, host, about)),
    ...sqliteReads(db, guarded),
    ...outboxOf(db, within),
    close: async () => {
      process.off("exit", close);
      close();
    },
  };
}

/** How long one process waits for another's transaction. */
const BUSY_MS = 20_000;

function prepare(db: DatabaseSync, file: string): void {
  // Write-ahead log, so that readers do not wait for writers; synced at each commit, so that committed data survives.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  const version = (): number => Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version() > VERSION)
    throw new UnsprawlError(
      "malformed",
      `${file} is of a later version of unsprawl`,
      "use that version, or move the file away",
    );
  if (version() === VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  // Another process may have created it since.
  if (version() < VERSION) db.exec(`${SCHEMA} PRAGMA user_version = ${VERSION};`);
  db.exec("COMMIT");
}

/** By the primary result code, which is the low byte. Source: sqlite3.h, "Result Codes". */
function failed(error: unknown, file: string): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  if (code === CORRUPT || code === NOTADB)
    return new UnsprawlError("malformed", `${file} is no history`, "move it away: a new one is made", causeOf(error));
  const why = code === FULL ? "no space left for" : code === BUSY ? "another process holds" : "cannot use";
  const hint = code === BUSY ? "try again" : "make room in the state folder (XDG_STATE_HOME), or check its rights";
  return new UnsprawlError("failed", `${why} the history ${file}`, hint, causeOf(error));
}

const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** Node warns on each load that its SQLite is experimental: users cannot do anything about it. */
async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const warn = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? {};
  process.emitWarning = () => undefined;
  try {
    return await load();
  } finally {
    Object.defineProperty(process, "emitWarning", warn);
  }
}
