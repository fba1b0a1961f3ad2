import type { Client } from "pg";
import { isLoopback, LOOPBACK } from "../kit/net/outgoing.ts";
import { guardedSocket } from "./socket.ts";
import { unclear, type GuardedTarget, type LoginAnswer, type TryLogin, type Tls } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

/** What pg says of a server without TLS; it gives no code with it. */
const NO_TLS = "The server does not support SSL connections";

const LEAVE_MS = 1000;

/** A login that succeeded. `asked`: the server wanted a password; where anybody is trusted, a login proves nothing. */
export type PostgresLine = { readonly client: Client; readonly asked: boolean; readonly close: () => Promise<void> };

/** Logs in and out again, and asks the server nothing. */
export const postgresLogin: TryLogin = async (target, timeoutMs, signal) => {
  const line = await openPostgres(target, timeoutMs, signal);
  if ("said" in line) return line;
  await line.close();
  return line.asked
    ? { said: "in", why: "PostgreSQL lets it log in" }
    : { said: "anyone", why: "PostgreSQL asks for no password there, so any would do" };
};

/** Logs in, or says why that failed. Never throws. */
export async function openPostgres(
  target: GuardedTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PostgresLine | LoginAnswer> {
  const first = await attempt(target, target.tls, timeoutMs, signal);
  if (first !== NO_TLS) return first;
  if (target.tls !== "prefer") return unclear("PostgreSQL: has no TLS, which its sslmode asks for");
  if (!isLoopback(target.host) && target.plain !== true)
    return unclear("PostgreSQL: has no TLS there, and the password is not sent in the clear");
  const reach = target.plain === true ? target.reach : LOOPBACK;
  const result = await attempt({ ...target, reach }, "disable", timeoutMs, signal);
  return result === NO_TLS ? unclear("PostgreSQL: has no TLS") : result;
}

async function attempt(
  target: GuardedTarget,
  tls: Tls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PostgresLine | LoginAnswer | typeof NO_TLS> {
  const pg = (await import("pg")).default;
  const { host, port, user, password } = target;
  // Everything is given, so that none of this process's own PG* variables fills a gap.
  const client = new pg.Client({
    ...{ host, port, user, password, database: target.database === "" ? user : target.database },
    ssl: sslOf(tls),
    application_name: "unsprawl",
    stream: () => guardedSocket(target),
    // Only in case: the time is kept below.
    connectionTimeoutMillis: timeoutMs + 1000,
    query_timeout: timeoutMs,
  });
  let asked = false;
  client.on("error", () => {});
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
  const destroy = (): void => (connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy();
  for (const kind of ["CleartextPassword", "MD5Password", "SASL"])
    connection.on(`authentication${kind}`, () => (asked = true));
  let line: PostgresLine | null = null;
  try {
    const ended = await withTimeLimit(timeoutMs, signal, async () => {
      await client.connect();
      return { in: true };
    });
    if (typeof ended === "string") return unclear(`PostgreSQL: ${noAnswerText(ended, timeoutMs)}`);
    signal.addEventListener("abort", destroy, { once: true });
    line = {
      client,
      asked,
      async close() {
        await leave(client, signal);
        signal.removeEventListener("abort", destroy);
        destroy();
      },
    };
    return line;
  } catch (error) {
    if (error instanceof Error && error.message === NO_TLS) return NO_TLS;
    return read(error, asked);
  } finally {
    if (line === null) destroy();
  }
}

/** A word of leave, but no long one. */
async function leave(client: Client, signal: AbortSignal): Promise<void> {
  await withTimeLimit(LEAVE_MS, signal, async () => {
    await client.end();
    return { out: true };
  }).catch(() => {});
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function read(error: unknown, asked: boolean): LoginAnswer {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "28P01") return { said: "wrong", why: "PostgreSQL refuses the password (28P01)" };
  // Said after the password was found right.
  if (asked && (code === "3D000" || code === "42501"))
    return { said: "in", why: `PostgreSQL takes the password, but not for this database (${code})` };
  // No line of pg_hba.conf for this address, or no right to log in: of the password it says nothing.
  if (code === "28000") return unclear("PostgreSQL lets this login in from elsewhere at most (28000)");
  if (/^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) return unclear(`PostgreSQL does not say (${code})`);
  return unclear(`PostgreSQL: ${connectionFailure(error)}`);
}

function sslOf(tls: Tls): false | { rejectUnauthorized: boolean; checkServerIdentity?: () => undefined } {
  if (tls === "disable") return false;
  if (tls === "verify-full") return { rejectUnauthorized: true };
  if (tls === "verify-ca") return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}
