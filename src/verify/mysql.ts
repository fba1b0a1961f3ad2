import type { RowDataPacket } from "mysql2";
import { isLoopback, LOOPBACK } from "../kit/net/outgoing.ts";
import { guardedSocket } from "./socket.ts";
import { unclear, type GuardedTarget, type LoginAnswer, type TryLogin, type Tls } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

const NO_TLS = "HANDSHAKE_NO_SSL_SUPPORT";
const LEAVE_MS = 1000;

/** A login that succeeded. `query` gives the rows. */
export type MysqlLine = {
  readonly query: (sql: string) => Promise<readonly { readonly [column: string]: unknown }[]>;
  readonly close: () => Promise<void>;
};

/** Logs in, without naming a database, and out again. MariaDB is the same to it. */
export const mysqlLogin: TryLogin = async (target, timeoutMs, signal) => {
  const line = await openMysql(target, timeoutMs, signal);
  if ("said" in line) return line;
  await line.close();
  return { said: "in", why: "MySQL lets it log in" };
};

/** Logs in, or says why that failed. Never throws. */
export async function openMysql(
  target: GuardedTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MysqlLine | LoginAnswer> {
  const first = await attempt(target, target.tls, timeoutMs, signal);
  if (first !== NO_TLS) return first;
  if (target.tls !== "prefer") return unclear("MySQL: has no TLS, which its settings ask for");
  if (!isLoopback(target.host) && target.plain !== true)
    return unclear("MySQL: has no TLS there, and the password is not sent in the clear");
  const reach = target.plain === true ? target.reach : LOOPBACK;
  const result = await attempt({ ...target, reach }, "disable", timeoutMs, signal);
  return result === NO_TLS ? unclear("MySQL: has no TLS") : result;
}

async function attempt(
  target: GuardedTarget,
  tls: Tls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MysqlLine | LoginAnswer | typeof NO_TLS> {
  const { createConnection } = (await import("mysql2")).default;
  const { host, port, user, password } = target;
  const connection = createConnection({
    ...{ host, port, user, password, connectTimeout: timeoutMs + 1000 },
    stream: () => guardedSocket(target).connect(port, host),
    ...(tls === "disable"
      ? {}
      : { ssl: { rejectUnauthorized: tls.startsWith("verify"), verifyIdentity: tls === "verify-full" } }),
  });
  connection.on("error", () => {});
  const step = (act: (done: (error: Error | null | undefined) => void) => void) => (): Promise<object> =>
    new Promise((done, fail) => act((error) => (error ? fail(error) : done({}))));
  const query: MysqlLine["query"] = (sql) =>
    new Promise((done, fail) =>
      connection.query<RowDataPacket[]>({ sql, timeout: timeoutMs }, (error, rows) =>
        error === null ? done(Array.isArray(rows) ? rows : []) : fail(error),
      ),
    );
  const destroy = (): void => connection.destroy();
  // A word of leave, but no long one.
  const close = async (): Promise<void> => {
    await withTimeLimit(
      LEAVE_MS,
      signal,
      step((done) => connection.end(done)),
    ).catch(() => {});
    signal.removeEventListener("abort", destroy);
    destroy();
  };
  let line: MysqlLine | null = null;
  try {
    const ended = await withTimeLimit(
      timeoutMs,
      signal,
      step((done) => connection.connect(done)),
    );
    if (typeof ended === "string") return unclear(`MySQL: ${noAnswerText(ended, timeoutMs)}`);
    signal.addEventListener("abort", destroy, { once: true });
    line = { query, close };
    return line;
  } catch (error) {
    return read(error, tls);
  } finally {
    if (line === null) connection.destroy();
  }
}

/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
function read(error: unknown, tls: Tls): LoginAnswer | typeof NO_TLS {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === NO_TLS) return NO_TLS;
  if (code === "HANDSHAKE_SSL_ERROR")
    return unclear(
      `MySQL: ${tls.startsWith("verify") ? "its certificate is not trusted here" : "no TLS could be agreed on"}`,
    );
  if (code === "ER_ACCESS_DENIED_ERROR")
    return { said: "wrong", why: `MySQL refuses user and password from this machine (${code})` };
  if (code === "ER_MUST_CHANGE_PASSWORD_LOGIN")
    return { said: "in", why: `MySQL takes the password, and wants it changed (${code})` };
  return /^ER_[A-Z_0-9]{3,60}$/.test(code)
    ? unclear(`MySQL does not say (${code})`)
    : unclear(`MySQL: ${connectionFailure(error)}`);
}
