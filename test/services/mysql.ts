import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { need } from "./apt.ts";
import { ownCertificate, ownDir, runOwn, startOwn } from "./unprivileged.ts";
import { freePort } from "./tls.ts";

export type TestMysql = {
  readonly port: number;
  /** Runs statements as root; none of them is logged. */
  readonly sql: (...statements: readonly string[]) => Promise<void>;
  /** What its general and its slow log hold, if it was started with them. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** A real MariaDB on loopback, with TLS or without, that has run `sql` as its root. */
export async function startMysql(
  sql: readonly string[],
  tls: boolean,
  options: readonly string[] = [],
): Promise<TestMysql> {
  const mariadbd = await need("mariadbd", ["mariadb-server-core"]);
  const install = await need("mariadb-install-db", ["mariadb-server-core"]);
  await need("my_print_defaults", ["mariadb-client-core"]);
  const dir = ownDir("mysql");
  const data = join(dir, "data");
  const port = await freePort();
  runOwn(install, ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"], dir);
  const { cert, key } = await ownCertificate(dir);
  const socketPath = join(dir, "socket");
  const as = async (act: readonly string[]): Promise<void> => {
    const root = await createConnection({ socketPath, user: "root" });
    try {
      await root.query("set session sql_log_off = 1, session slow_query_log = 0");
      for (const text of act) await root.query(text);
    } finally {
      await root.end();
    }
  };
  const args = ["--no-defaults", `--datadir=${data}`, `--socket=${socketPath}`, `--port=${port}`]
    .concat(["--bind-address=127.0.0.1", `--pid-file=${join(dir, "pid")}`, "--skip-name-resolve"])
    .concat([`--general-log-file=${join(dir, "general.log")}`, `--slow-query-log-file=${join(dir, "slow.log")}`])
    .concat(options)
    .concat(tls ? [`--ssl-cert=${cert}`, `--ssl-key=${key}`] : ["--skip-ssl"]);
  const { stop } = await startOwn(mariadbd, args, dir, () => as([]));
  await as(sql);
  const log = (): string =>
    ["general.log", "slow.log", "log"].map((name) => readFileSync(join(dir, name), "utf8")).join("\n");
  return { port, sql: (...statements) => as(statements), log, stop };
}
