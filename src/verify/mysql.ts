import { isLoopback, LOOPBACK } from "../kit/net/outgoing.ts";
import { guardedSocket } from "./socket.ts";
import type { GuardedTarget, TryLogin, Tls } from "./target.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { dead, live, unknown, type Liveness } from "./types.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";

const NO_TLS = "HANDSHAKE_NO_SSL_SUPPORT";
const LEAVE_MS = 1000;

/** Logs in, without naming a database, and out again. MariaDB is the same to it. */
export const mysqlLogin: TryLogin = async (target, timeoutMs, signal) => {
  const first = await attempt(target, target.tls, timeoutMs, signal);
  if (first !== NO_TLS) return first;
  if (target.tls !== "prefer") return unknown("MySQL: has no TLS, which its settings ask for");
  if (!isLoopback(target.host)) return unknown("MySQL: has no TLS there, and the password is not sent in the clear");
  const result = await attempt({ ...target, reach: LOOPBACK }, "disable", timeoutMs, signal);
  return result === NO_TLS ? unknown("MySQL: has no TLS") : result;
};

async function attempt(
  target: GuardedTarget,
  tls: Tls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Liveness | typeof NO_TLS> {
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
  try {
    const ended = await withTimeLimit(
      timeoutMs,
      signal,
      step((done) => connection.connect(done)),
    );
    if (typeof ended === "string") return unknown(`MySQL: ${noAnswerText(ended, timeoutMs)}`);
    // A word of leave, but no long one.
    await withTimeLimit(
      LEAVE_MS,
      signal,
      step((done) => connection.end(done)),
    ).catch(() => {});
    return live("MySQL lets it log in");
  } catch (error) {
    return read(error, tls);
  } finally {
    connection.destroy();
  }
}

/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
function read(error: unknown, tls: Tls): Liveness | typeof NO_TLS {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === NO_TLS) return NO_TLS;
  if (code === "HANDSHAKE_SSL_ERROR")
    return unknown(
      `MySQL: ${tls.startsWith("verify") ? "its certificate is not trusted here" : "no TLS could be agreed on"}`,
    );
  if (code === "ER_ACCESS_DENIED_ERROR") return dead(`MySQL refuses user and password from this machine (${code})`);
  if (code === "ER_MUST_CHANGE_PASSWORD_LOGIN") return live(`MySQL takes the password, and wants it changed (${code})`);
  return /^ER_[A-Z_0-9]{3,60}$/.test(code)
    ? unknown(`MySQL does not say (${code})`)
    : unknown(`MySQL: ${connectionFailure(error)}`);
}
