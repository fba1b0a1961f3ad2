import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { need } from "./apt.ts";
import { ownCertificate, ownDir, runOwn, startOwn } from "./unprivileged.ts";
import { freePort } from "./tls.ts";

export type TestMysql = { readonly port: number; readonly stop: () => Promise<void> };

/** A real MariaDB on loopback, with TLS or without, that has run `sql` as its root. */
export async function startMysql(sql: readonly string[], tls: boolean): Promise<TestMysql> {
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
      for (const text of act) await root.query(text);
    } finally {
      await root.end();
    }
  };
  const args = ["--no-defaults", `--datadir=${data}`, `--socket=${socketPath}`, `--port=${port}`]
    .concat(["--bind-address=127.0.0.1", `--pid-file=${join(dir, "pid")}`, "--skip-name-resolve"])
    .concat(tls ? [`--ssl-cert=${cert}`, `--ssl-key=${key}`] : ["--skip-ssl"]);
  const { stop } = await startOwn(mariadbd, args, dir, () => as([]));
  await as(sql);
  return { port, stop };
}
