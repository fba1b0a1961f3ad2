import { randomBytes } from "node:crypto";
import type { OpenBao } from "./openbao.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

export type DatabaseEngine = {
  readonly postgres: TestPostgres;
  /** A database role that logs in, with this password. */
  login(role: string, password: string): Promise<void>;
  /** A static role of this name for it, whose password OpenBao changes at once and then after so many seconds. */
  adopt(role: string, everySeconds: number): Promise<void>;
  /** What OpenBao has for a static role now. */
  password(role: string): Promise<string>;
  /** How many logins the role `leased` has made by being read. */
  leases(): Promise<number>;
};

/** OpenBao's database engine at the mount `database`, with a connection `pg` to a PostgreSQL of its own. */
export async function databaseEngine(bao: OpenBao): Promise<DatabaseEngine> {
  const postgres = await startPostgres("host all all all scram-sha-256");
  const [admin, quoted] = [randomBytes(12).toString("hex"), (text: string) => `'${text.replaceAll("'", "''")}'`];
  await postgres.sql(`create role bao login superuser password ${quoted(admin)}`);
  await bao.api("POST", "sys/mounts/database", { type: "database" });
  await bao.api("POST", "database/config/pg", {
    ...{ plugin_name: "postgresql-database-plugin", allowed_roles: "*", username: "bao", password: admin },
    connection_url: `postgresql://{{username}}:{{password}}@127.0.0.1:${postgres.port}/postgres?sslmode=require`,
    password_authentication: "scram-sha-256",
  });
  await bao.api("POST", "database/roles/leased", {
    ...{ db_name: "pg", default_ttl: "1h" },
    creation_statements: [`create role "{{name}}" login password '{{password}}' valid until '{{expiration}}'`],
  });
  return {
    postgres,
    login: (role, password) => postgres.sql(`create role ${role} login password ${quoted(password)}`),
    adopt: async (role, seconds) =>
      void (await bao.api("POST", `database/static-roles/${role}`, {
        ...{ db_name: "pg", username: role, rotation_period: `${seconds}s` },
      })),
    async password(role) {
      const { data } = (await bao.api("GET", `database/static-creds/${role}`)) as { data: { password: string } };
      return data.password;
    },
    async leases() {
      const found = bao.api("GET", "sys/leases/lookup/database/creds/leased?list=true") as Promise<{
        data: { keys: readonly string[] };
      }>;
      return found.then(
        ({ data }) => data.keys.length,
        () => 0,
      );
    },
  };
}
