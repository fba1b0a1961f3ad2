import { isLoopback, LOOPBACK } from "../kit/net/outgoing.ts";
import { guardedSocket } from "./socket.ts";
import type { GuardedTarget, TryLogin, Tls } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { dead, live, unknown, type Liveness } from "./types.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

/** What pg says of a server without TLS; it gives no code with it. */
const NO_TLS = "The server does not support SSL connections";

const LEAVE_MS = 1000;

/**
 * Logs in and out again, and asks the server nothing. Whether it wanted a password at all is watched: where anybody is
 * trusted, a login proves nothing.
 */
export const postgresLogin: TryLogin = async (target, timeoutMs, signal) => {
  const first = await attempt(target, target.tls, timeoutMs, signal);
  if (first !== NO_TLS) return first;
  if (target.tls !== "prefer") return unknown("PostgreSQL: has no TLS, which its sslmode asks for");
  if (!isLoopback(target.host))
    return unknown("PostgreSQL: has no TLS there, and the password is not sent in the clear");
  const result = await attempt({ ...target, reach: LOOPBACK }, "disable", timeoutMs, signal);
  return result === NO_TLS ? unknown("PostgreSQL: has no TLS") : result;
};

async function attempt(
  target: GuardedTarget,
  tls: Tls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Liveness | typeof NO_TLS> {
  const { Client } = (await import("pg")).default;
  const { host, port, user, password } = target;
  // Everything is given, so that none of this process's own PG* variables fills a gap.
  const client = new Client({
    ...{ host, port, user, password, database: target.database === "" ? user : target.database },
    ssl: sslOf(tls),
    application_name: "unsprawl",
    stream: () => guardedSocket(target),
    // Only in case: the time is kept below.
    connectionTimeoutMillis: timeoutMs + 1000,
  });
  let asked = false;
  client.on("error", () => {});
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
  for (const kind of ["CleartextPassword", "MD5Password", "SASL"])
    connection.on(`authentication${kind}`, () => (asked = true));
  try {
    const ended = await withTimeLimit(timeoutMs, signal, async () => {
      await client.connect();
      return { in: true };
    });
    if (typeof ended === "string") return unknown(`PostgreSQL: ${noAnswerText(ended, timeoutMs)}`);
    // A word of leave, but no long one.
    await withTimeLimit(LEAVE_MS, signal, async () => {
      await client.end();
      return { out: true };
    }).catch(() => {});
    return asked
      ? live("PostgreSQL lets it log in")
      : unknown("PostgreSQL asks for no password there, so any would do");
  } catch (error) {
    if (error instanceof Error && error.message === NO_TLS) return NO_TLS;
    return read(error, asked);
  } finally {
    (connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy();
  }
}

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function read(error: unknown, asked: boolean): Liveness {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "28P01") return dead("PostgreSQL refuses the password (28P01)");
  // Said after the password was found right.
  if (asked && (code === "3D000" || code === "42501"))
    return live(`PostgreSQL takes the password, but not for this database (${code})`);
  // No line of pg_hba.conf for this address, or no right to log in: of the password it says nothing.
  if (code === "28000") return unknown("PostgreSQL lets this login in from elsewhere at most (28000)");
  if (/^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)) return unknown(`PostgreSQL does not say (${code})`);
  return unknown(`PostgreSQL: ${connectionFailure(error)}`);
}

function sslOf(tls: Tls): false | { rejectUnauthorized: boolean; checkServerIdentity?: () => undefined } {
  if (tls === "disable") return false;
  if (tls === "verify-full") return { rejectUnauthorized: true };
  if (tls === "verify-ca") return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}
