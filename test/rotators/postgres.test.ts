import { randomBytes } from "node:crypto";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotatorConformance, type RotatorWorld } from "../conformance/rotator.ts";
import { startPostgres } from "../services/postgres.ts";

const made = (): string => randomBytes(18).toString("base64url");
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function world(): Promise<RotatorWorld> {
  const server = await startPostgres("host all all all scram-sha-256", [
    "log_statement = 'all'",
    "log_min_duration_statement = 0",
    "log_connections = on",
  ]);
  // What makes the roles is the test's, and is not logged.
  const sql = (...statements: readonly string[]): Promise<void> =>
    server.sql("set log_statement = 'none'", "set log_min_duration_statement = -1", ...statements);
  const [admin, stranger] = [made(), made()];
  await sql(
    `create role "ad""min" superuser login password ${quoted(admin)}`,
    `create role stranger login password ${quoted(stranger)}`,
  );
  return {
    async subject(password) {
      const role = `app'"-${randomBytes(4).toString("hex")}`;
      await sql(`create role "${role.replaceAll('"', '""')}" login password ${quoted(password)}`);
      const target: RotationTarget = {
        ...{ rotator: "postgres", login: role, database: "postgres", pair: null, previous: null, details: {} },
        at: { host: "127.0.0.1", port: server.port, tls: "prefer" },
      };
      return {
        target,
        old: { id: null, secret: Secret.of(password) },
        admin: { user: 'ad"min', secret: Secret.of(admin) },
      };
    },
    stranger: { user: "stranger", secret: Secret.of(stranger) },
    logs: async () => server.log(),
    stop: server.stop,
  };
}

rotatorConformance("postgres", world, { owner: "may" });
