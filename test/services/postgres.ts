import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { need, which } from "./apt.ts";
import { ownCertificate, ownDir, ownFile, runOwn, startOwn } from "./unprivileged.ts";
import { freePort } from "./tls.ts";

export type TestPostgres = {
  readonly port: number;
  /** Runs statements, one by one, as the superuser. */
  readonly sql: (...statements: readonly string[]) => Promise<void>;
  /** Whether it lets a role in with a password. */
  readonly logsIn: (role: string, password: string) => Promise<boolean>;
  /** All of a database as `pg_dump` writes it. */
  readonly dump: (database: string) => Promise<string>;
  /** What it has logged. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** A real PostgreSQL on loopback, with TLS, whose `hba` lines say who may come how. The superuser comes by the socket alone. */
export async function startPostgres(hba: string, settings: readonly string[] = []): Promise<TestPostgres> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(hba, settings);
    } catch (error) {
      // Another process may have taken the free port in between.
      if (attempt === 3) throw error;
    }
  }
}

async function start(hba: string, settings: readonly string[]): Promise<TestPostgres> {
  const bin = await programs();
  const dir = ownDir("postgres");
  const data = join(dir, "data");
  const port = await freePort();
  runOwn(join(bin, "initdb"), ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"], dir);
  const { cert, key } = await ownCertificate(dir);
  ownFile(data, "pg_hba.conf", `local all postgres trust\n${hba}\n`);
  ownFile(
    data,
    "postgresql.auto.conf",
    `listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${dir}'
ssl = on
ssl_cert_file = '${cert}'
ssl_key_file = '${key}'
fsync = off
${settings.map((line) => `${line}\n`).join("")}`,
  );
  const sql = async (...statements: readonly string[]): Promise<void> => {
    const client = new Client({ host: dir, port, user: "postgres", database: "postgres" });
    await client.connect();
    try {
      for (const text of statements) await client.query(text);
    } finally {
      await client.end();
    }
  };
  const { stop } = await startOwn(join(bin, "postgres"), ["-D", data], dir, () => sql("select 1"));
  const logsIn = async (user: string, password: string): Promise<boolean> => {
    const database = { host: "127.0.0.1", port, database: "postgres" };
    const client = new Client({ ...database, user, password, ssl: { rejectUnauthorized: false } });
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end();
    }
  };
  const dump = async (database: string): Promise<string> => {
    const args = ["-h", dir, "-p", String(port), "-U", "postgres", database];
    const { stdout } = await promisify(execFile)(join(bin, "pg_dump"), args, { maxBuffer: 2 ** 30 });
    return stdout;
  };
  return { port, sql, logsIn, dump, log: () => readFileSync(join(dir, "log"), "utf8"), stop };
}

/** Debian keeps the server's programs off PATH, in a folder a version. */
async function programs(): Promise<string> {
  if (versions().length === 0) {
    if (which("pg_createcluster") === null) {
      await need("pg_createcluster", ["postgresql-common"]);
      // The package would start a server of its own otherwise.
      mkdirSync("/etc/postgresql-common/createcluster.d", { recursive: true });
      writeFileSync("/etc/postgresql-common/createcluster.d/unsprawl.conf", "create_main_cluster = false\n");
    }
    await need("psql", ["postgresql"], true);
  }
  const [newest] = versions();
  if (newest === undefined) throw new Error("tests need PostgreSQL: apt-get install postgresql");
  return newest;
}

function versions(): string[] {
  const place = "/usr/lib/postgresql";
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(place, version, "bin"))
    .filter((bin) => existsSync(join(bin, "initdb")));
}
