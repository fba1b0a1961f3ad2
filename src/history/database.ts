import type { Pool, PoolClient } from "pg";
import { withBackoff, type Attempt } from "../kit/net/backoff.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { mustSayTls } from "./clear-text.ts";

/** Runs one statement and returns its rows. */
export type SqlQuery = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A PostgreSQL database. Every method throws `denied`, `unreachable`, `absent` (no such database) or `failed`. */
export type Database = {
  /** Retried after a lost connection: only for idempotent statements. */
  readonly query: SqlQuery;
  /** All or nothing; repeated from the start after a lost connection, a deadlock or a conflict. */
  readonly transaction: <T>(act: (query: SqlQuery) => Promise<T>) => Promise<T>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  /** How long to try to restore a lost connection, in milliseconds. */
  readonly patience: number;
  /** Connections at most. */
  readonly size?: number;
  /** Called when a connection was lost, once for each pause before the next try. */
  readonly lost?: (pauseMs: number) => void;
};

const CONNECT_MS = 10_000;
const PAUSES = { firstMs: 100, longestMs: 5000 };

/** Transient faults: shutdown, start-up, too many connections, broken connections, lost conflicts. By SQLSTATE. */
const PASSES = /^(?:57P0[123]|53300|08\w{3}|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN)$/;
/** What pg reports without a code. */
const BROKEN = /^Connection terminated|^Client has encountered a connection error|^timeout exceeded when trying/;

/** Opens a pool; nothing is sent yet. The URL holds a password: no error quotes it. Throws `config`, as `mustSayTls` too. */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<Database> {
  await mustSayTls(url);
  const { default: pg } = await import("pg");
  let pool: Pool;
  try {
    pool = new pg.Pool({
      connectionString: url,
      max: options.size ?? 4,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: "unsprawl",
      keepAlive: true,
    });
  } catch {
    throw new UnsprawlError("config", "the database's URL cannot be read", "postgres://user:password@host:5432/name");
  }
  // A pooled connection failed: the next query gets another one.
  pool.on("error", () => undefined);
  return {
    query: (text, values) => reconnecting(() => withClient(pool, (client) => queryOn(client)(text, values)), options),
    transaction: (act) => reconnecting(() => withClient(pool, (client) => inTransaction(client, act)), options),
    close: () => pool.end(),
  };
}

/** Repeats the action with growing pauses as long as the connection fails. For idempotent actions. */
export function reconnecting<T>(act: () => Promise<T>, { patience, lost }: DatabaseOptions): Promise<T> {
  const attempt = async (): Promise<Attempt<T>> => {
    try {
      return { done: await act() };
    } catch (error) {
      const give = (): never => {
        throw databaseError(error);
      };
      return passes(error) ? { askedMs: null, give, again: (pause) => lost?.(pause) } : give();
    }
  };
  return withBackoff(attempt, { ...PAUSES, withinMs: patience });
}

async function withClient<T>(pool: Pool, act: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | null = null;
  const lost = (error: Error): void => void (broken = error);
  client.on("error", lost);
  try {
    return await act(client);
  } catch (error) {
    if (passes(error)) broken = error as Error;
    throw error;
  } finally {
    client.off("error", lost);
    client.release(broken ?? undefined);
  }
}

async function inTransaction<T>(client: PoolClient, act: (query: SqlQuery) => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    const result = await act(queryOn(client));
    await client.query("commit");
    return result;
  } catch (error) {
    // A lost connection has rolled back already.
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

function queryOn(client: PoolClient): SqlQuery {
  return async <Row extends object>(text: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(text, [...values])).rows;
}

function passes(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof UnsprawlError) return false;
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? PASSES.test(code) : BROKEN.test(error.message);
}

/** The server's text may quote what it was sent: only codes are kept. */
function databaseError(error: unknown): unknown {
  if (error instanceof UnsprawlError || !(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  const cause = causeOf(error);
  const says = typeof code === "string" ? ` (${code})` : "";
  if (typeof code === "string" && code.startsWith("28"))
    return new UnsprawlError("denied", `the database refuses the login${says}`, "check its URL", cause);
  if (code === "42501")
    return new UnsprawlError(
      "denied",
      `the database's login may not do this${says}`,
      "grant create on database",
      cause,
    );
  if (code === "3D000")
    return new UnsprawlError("absent", `there is no such database${says}`, "createdb makes one", cause);
  if (passes(error) || code === "ENOTFOUND")
    return new UnsprawlError(
      "unreachable",
      `the database does not answer${says}`,
      "check its URL, and pg_isready",
      cause,
    );
  // The comparison of a scan runs in a transaction too: its failures are not the database's.
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)
    ? new UnsprawlError("failed", `the database failed${says}`, "its log says why", cause)
    : error;
}
