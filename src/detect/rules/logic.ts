import type { Severity } from "../../model/finding.ts";
import type { Example, Rule } from "./rule.ts";
import type { Kit } from "./kit.ts";

/** Kinds that code decides: name, structure or place makes the secret, not a pattern. */
export const LOGIC: readonly Rule[] = [
  logic(
    "url-password",
    "URL with a password in it",
    "high",
    (kit) => [
      { name: "DATABASE_URL", value: `postgres://api:${kit.base62(12)}@db:5432/api` },
      { name: "DB", value: `api:${kit.base62(12)}@tcp(db:3306)/api` },
    ],
    () => [{ name: "DATABASE_URL", value: "postgres://db:5432/api" }],
  ),
  logic(
    "url-token",
    "URL with a token in it",
    "high",
    (kit) => [
      { name: "REMOTE", value: `https://${kit.base62(32)}@git.example.org/a.git` },
      { name: "FEED", value: `https://host.example.org/feed?token=${kit.base62(24)}` },
    ],
    () => [{ name: "REMOTE", value: "https://git@git.example.org/a.git" }],
  ),
  logic(
    "password",
    "Password, passphrase or PIN by its name",
    "high",
    (kit) => [
      { name: "DB_PASSWORD", value: kit.password() },
      { name: "MYSQL_ROOT_PASSWORD", value: "changeme" },
    ],
    () => [
      { name: "PASSWORD_MIN_LENGTH", value: "12" },
      { name: "DB_PASSWORD", value: "" },
    ],
  ),
  logic(
    "secret",
    "Secret, signing key, salt or token by its name",
    "high",
    (kit) => [
      { name: "JWT_SECRET", value: kit.base62(32) },
      { name: "GRAFANA_TOKEN", value: kit.base62(40) },
    ],
    () => [{ name: "SECRET_NAME", value: "api" }],
  ),
  logic(
    "key",
    "Key by its name and the look of its value",
    "high",
    (kit) => [{ name: "ENCRYPTION_KEY", value: kit.hex(64) }],
    (kit) => [{ name: "GPG_KEY", value: kit.hex(40).toUpperCase() }],
  ),
  logic(
    "user-password",
    "User name and password in one value",
    "high",
    (kit) => [{ name: "BASIC_AUTH", value: `admin:${kit.password()}` }],
    () => [{ name: "BASIC_AUTH", value: "true" }],
  ),
  logic(
    "assignment",
    "Setting inside the value whose own name says secret",
    "high",
    (kit) => [
      { name: "ADO", value: `Server=db;User Id=sa;Password=${kit.password()}` },
      { name: "CONFIG", value: JSON.stringify({ db: { password: kit.password() } }) },
    ],
    () => [{ name: "ADO", value: "Server=db;Integrated Security=true" }],
  ),
  logic(
    "command",
    "Secret on a command line",
    "high",
    (kit) => [
      { name: "Cmd", where: "cmd", value: `redis-server --requirepass ${kit.base62(12)}` },
      { name: "Cmd", where: "cmd", value: JSON.stringify(["mysqladmin", `-p${kit.base62(12)}`, "ping"]) },
    ],
    () => [{ name: "Cmd", where: "cmd", value: "redis-server --port 6379" }],
  ),
  logic(
    "header",
    "Authorization header",
    "high",
    (kit) => [{ name: "EXTRA_HEADER", value: `Authorization: Bearer ${kit.base62(32)}` }],
    () => [{ name: "EXTRA_HEADER", value: "Content-Type: application/json" }],
  ),
  logic(
    "mnemonic",
    "Seed phrase of a wallet",
    "critical",
    (kit) => [{ name: "WALLET_MNEMONIC", value: Array.from({ length: 12 }, () => kit.lower(5)).join(" ") }],
    () => [{ name: "DESCRIPTION", value: "a good tool for work" }],
  ),
  logic(
    "high-entropy",
    "Looks random, and nothing says what it is",
    "low",
    () => [],
    () => [],
  ),
];

function logic(
  id: string,
  description: string,
  severity: Severity,
  examples: (kit: Kit) => readonly Example[],
  counterExamples: (kit: Kit) => readonly Example[],
): Rule {
  return {
    id,
    vendor: "generic",
    description,
    severity,
    confidence: "medium",
    keywords: [],
    pattern: null,
    names: null,
    lengths: null,
    despite: false,
    prefixes: [],
    validate: null,
    ends: null,
    publishable: false,
    reference: "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
    examples,
    counterExamples,
  };
}
