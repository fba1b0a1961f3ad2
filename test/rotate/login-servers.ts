import { createHash, randomBytes } from "node:crypto";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotationTarget, rotators } from "../../src/rotators/index.ts";
import { WIRE } from "../conformance/rotator.ts";
import { startMysql } from "../services/mysql.ts";
import { startPostgres } from "../services/postgres.ts";
import { startRabbit } from "../services/rabbitmq.ts";
import { startRedis } from "../services/redis.ts";
import { startSlapd } from "../services/slapd.ts";

/** Real servers, each with the login `app`. */

export type Variables = { readonly [name: string]: string };

export type LoginServer = {
  /** The variable with the password in it, and what stands beside it. */
  readonly held: string;
  readonly variables: (password: string) => Variables;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

const made = (): string => randomBytes(18).toString("base64url");
const url = (scheme: string, port: number, password: string, rest = ""): string =>
  `${scheme}://app:${encodeURIComponent(password)}@127.0.0.1:${port}${rest}`;

async function postgres(password: string): Promise<LoginServer> {
  const settings = ["log_statement = 'all'", "log_min_duration_statement = 0"];
  const { port, sql, log, stop } = await startPostgres("host all all all scram-sha-256", settings);
  await sql(
    "set log_statement = 'none'",
    "set log_min_duration_statement = -1",
    `create role app login password '${password}'`,
  );
  const variables = (of: string): Variables => ({
    DATABASE_URL: url("postgresql", port, of, "/postgres?sslmode=require"),
  });
  return { held: "DATABASE_URL", variables, log, stop };
}

async function mariadb(password: string): Promise<LoginServer> {
  const account = "app@'127.0.0.1'";
  const grants = [`grant create user on *.* to ${account}`, `grant select on mysql.global_priv to ${account}`];
  const made = [`create user ${account} identified by '${password}'`, ...grants];
  const { port, log, stop } = await startMysql(made, false, ["--general-log", "--slow-query-log"]);
  return { held: "MYSQL_URL", variables: (of) => ({ MYSQL_URL: url("mysql", port, of, "/mysql") }), log, stop };
}

const redis =
  (kind: "redis" | "valkey") =>
  async (password: string): Promise<LoginServer> => {
    const digest = createHash("sha256").update(password).digest("hex");
    const { port, log, stop } = await startRedis([`user app on #${digest} ~* +@all`], kind);
    return { held: "REDIS_URL", variables: (of) => ({ REDIS_URL: url("redis", port, of, "/0") }), log, stop };
  };

async function rabbitmq(password: string): Promise<LoginServer> {
  const { port, managementPort, api, log, stop } = await startRabbit();
  await api("PUT", "users/app", { password, tags: "administrator" });
  const beside = { RABBITMQ_MANAGEMENT_PORT: `${managementPort}` };
  return { held: "AMQP_URL", variables: (of) => ({ AMQP_URL: url("amqp", port, of, "/"), ...beside }), log, stop };
}

async function openldap(password: string): Promise<LoginServer> {
  const access = "access to attrs=userPassword by self write by anonymous auth by * none";
  const { port, suffix, as, log, stop } = await startSlapd(made(), [access, "access to * by users read by * none"]);
  const dn = `cn=app,${suffix}`;
  await as((client) => client.add(dn, { objectClass: "person", cn: "app", sn: "x", userPassword: password }));
  const beside = { LDAP_URL: `ldap://127.0.0.1:${port}`, LDAP_BIND_DN: dn };
  return { held: "LDAP_BIND_PASSWORD", variables: (of) => ({ LDAP_BIND_PASSWORD: of, ...beside }), log, stop };
}

/** By kind, with whether old and new passwords are accepted together, and how one is started. */
export const LOGIN_SERVERS = [
  ["postgres", "none", postgres],
  ["mariadb", "both", mariadb],
  ["redis", "both", redis("redis")],
  ["valkey", "both", redis("valkey")],
  ["rabbitmq", "none", rabbitmq],
  ["openldap", "both", openldap],
] as const;

/** Where the login with this password is checked, by its variables. */
export async function targetOf({ held, variables }: LoginServer, password: string): Promise<RotationTarget> {
  const all = variables(password);
  const of = Object.entries(all).map(([name, value]) => ({ name, value: Secret.of(value) }));
  const value = Secret.of(all[held] ?? "");
  const found = await rotationTarget({ name: held, part: Secret.of(password), value, variables: of });
  if (found === null || typeof found === "string") throw new Error(`no target: ${found ?? ""}`);
  return found;
}

/** Whether the server lets the login in with this password. */
export async function logsIn(target: RotationTarget, password: string): Promise<boolean> {
  const checked = (await rotators[target.rotator]?.())?.rotator.server;
  if (checked == null) throw new Error("no server");
  return checked.logsIn(target, { id: null, secret: Secret.of(password) }, WIRE);
}

/** The password in the variable. */
export const passwordIn = (value: string): string =>
  value.includes("://") ? decodeURIComponent(new URL(value).password) : value;
