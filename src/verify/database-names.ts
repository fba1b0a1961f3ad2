import { PORTS, type PasswordPart, type LoginKind, type LoginTarget } from "./target.ts";
import { tlsMode } from "./database-url.ts";

/** The convention that a password's name follows; `kind` is null when only another variable tells which database it is. */
type Convention = { readonly prefix: string; readonly kind: LoginKind | null; readonly root: boolean };

/** Reads `DB_PASSWORD`, `PGPASSWORD`, `APP_MYSQL_ROOT_PASSWORD` …; null for any other name, or when it is a part only. */
export function passwordName({ name, part, value }: PasswordPart): Convention | null {
  if (part !== value) return null;
  const found = /^(.*?)(_ROOT)?_?(?:PASSWORD|PASSWD|PASS|PWD)$/i.exec(name);
  const prefix = found?.[1] ?? "";
  const kind = /(?:^|_)(?:PG|POSTGRES(?:QL)?)$/i.test(prefix)
    ? "postgres"
    : /(?:^|_)(?:MYSQL|MARIADB)$/i.test(prefix)
      ? "mysql"
      : /(?:^|_)(?:REDIS|VALKEY)$/i.test(prefix)
        ? "redis"
        : /(?:^|_)(?:RABBIT(?:_?MQ)?|AMQP)$/i.test(prefix)
          ? "amqp"
          : null;
  if (kind === null && !/(?:^|_)(?:DB|DATABASE)$/i.test(prefix)) return null;
  return { prefix, kind, root: found?.[2] !== undefined };
}

/** The login that the variables of the same beginning make together; text says which one is missing. */
export function namedTarget(
  held: PasswordPart & { readonly beside: (names: RegExp) => string | null },
): LoginTarget | string | null {
  const convention = passwordName(held);
  if (convention === null) return null;
  const { prefix, root } = convention;
  const start = prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const other = (ends: string): string | null =>
    held.beside(new RegExp(`^${start}_?(?:${ends})$`, "i"))?.trim() || null;
  const needs = (end: string): string => `needs ${prefix}${prefix.toUpperCase() === "PG" ? "" : "_"}${end} beside it`;

  const kind = convention.kind ?? kindNamed(other("CONNECTION|TYPE|DRIVER|ENGINE|CLIENT|DIALECT|VENDOR|ADAPTER"));
  if (kind === null) return `${needs("TYPE")}: which database it is would be a guess`;
  const address = other("HOST|HOSTNAME|SERVER|ADDRESS|ADDR");
  if (address === null) return needs("HOST");
  const place = /^(\[[0-9a-f:.]+\]|[^:]+|[0-9a-f]*:[0-9a-f:.]+)(?::(\d{1,5}))?$/i.exec(address);
  const port = other("PORT") ?? place?.[2] ?? String(PORTS[kind]);
  if (place?.[1] === undefined || !/^\d{1,5}$/.test(port)) return "its host cannot be read without guessing";
  const user =
    root && kind === "mysql" ? "root" : (other("USER|USERNAME|USER_NAME|LOGIN") ?? (kind === "redis" ? "" : null));
  if (user === null) return needs("USER");
  const database = other("DATABASE|DBNAME|DB|NAME|VHOST") ?? "";
  const tls = tlsMode(other("SSL_?MODE") ?? "") ?? (kind === "redis" || kind === "amqp" ? "disable" : "prefer");
  return { kind, host: place[1], port: Number(port), user, password: held.part, database, tls };
}

function kindNamed(said: string | null): LoginKind | null {
  if (said === null) return null;
  const word = said.toLowerCase();
  if (/^(?:pgsql|pg|postgres|postgresql|pdo_pgsql|psql|postgis|django\.db\.backends\.postgresql)$/.test(word))
    return "postgres";
  return /^(?:mysql2?|mysqli|mariadb|pdo_mysql|django\.db\.backends\.mysql)$/.test(word) ? "mysql" : null;
}
