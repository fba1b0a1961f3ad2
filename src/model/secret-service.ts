import type { Finding } from "./finding.ts";

/** What checks a password, where a finding shows it: that decides how the password is changed. `other`: another address. */
export type SecretService = "postgresql" | "mysql" | "redis" | "mongodb" | "rabbitmq" | "smtp" | "other";

/** Rules that find passwords of any service. */
const PASSWORDS: ReadonlySet<string> = new Set(["url-password", "password", "user-password"]);

const SERVICES: readonly (readonly [service: SecretService, scheme: RegExp, name: RegExp])[] = [
  ["postgresql", /^(?:postgres(?:ql)?|pgsql|postgis)(?:\+\w+)?$/, /^PG|(?:^|_)(?:POSTGRES(?:QL)?|PGSQL)(?:_|$)/i],
  ["mysql", /^(?:mysql2?|mariadb)(?:\+\w+)?$/, /(?:^|_)(?:MYSQL|MARIADB)(?:_|$)/i],
  ["redis", /^(?:rediss?|valkeys?)(?:\+\w+|-\w+)?$/, /(?:^|_)(?:REDIS|VALKEY)(?:_|$)/i],
  ["mongodb", /^mongodb(?:\+srv)?$/, /(?:^|_)MONGO(?:DB)?(?:_|$)/i],
  ["rabbitmq", /^amqps?$/, /(?:^|_)(?:RABBITMQ|AMQP)(?:_|$)/i],
  ["smtp", /^smtps?$/, /(?:^|_)SMTP(?:_|$)/i],
];

/** The service of a password, by the scheme of its URL, else by its name; null for other secrets, and where neither says it. */
export function secretService({ rule, name, masked }: Pick<Finding, "rule" | "name" | "masked">): SecretService | null {
  if (!PASSWORDS.has(rule)) return null;
  const at = masked.indexOf("://");
  const scheme = at > 0 ? masked.slice(0, at) : null;
  const found = SERVICES.find(([, ofScheme, ofName]) => (scheme === null ? ofName.test(name) : ofScheme.test(scheme)));
  return found?.[0] ?? (scheme === null ? null : "other");
}

/** The key of a finding's advice in a report's `rotation`: its rule, with the service if that has advice of its kind. */
export function rotationKey(finding: Pick<Finding, "rule" | "name" | "masked">): string {
  const service = secretService(finding);
  return service === null ? finding.rule : `${finding.rule}:${service}`;
}
