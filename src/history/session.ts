import { UnsprawlError } from "../model/error.ts";
import { mustSayTls } from "./clear-text.ts";
import type { SqlQuery } from "./database.ts";

/** A separate connection for what must live exactly as long, such as an advisory lock. */
export type DatabaseSession = {
  readonly query: SqlQuery;
  /** Aborted when the connection is lost, and with it all its locks. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

/** A machine that disappears without closing its connection is noticed within a minute, and its locks are released. */
const KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

/** Throws `unreachable`. The URL holds a password: no error quotes it. */
export async function openSession(url: string): Promise<DatabaseSession> {
  await mustSayTls(url);
  const { default: pg } = await import("pg");
  const lost = new AbortController();
  const client = new pg.Client({
    connectionString: url,
    application_name: "unsprawl",
    keepAlive: true,
    options: KEEPALIVE,
  });
  // Without our reason: a cancelled reader must not take it for a failure of what it reads.
  const gone = (): void => lost.abort();
  client.on("error", gone);
  client.on("end", gone);
  try {
    await client.connect();
  } catch {
    throw new UnsprawlError("unreachable", "the database does not answer", "check its URL, and pg_isready");
  }
  // One query at a time, from all callers.
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      const asking = last.then(() => client.query<Row>(text, [...values]));
      last = asking.catch(() => undefined);
      return (await asking).rows;
    },
    lost: lost.signal,
    close: () => client.end(),
  };
}
