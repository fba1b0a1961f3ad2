import { expect, test } from "vitest";
import { readName } from "../../src/detect/names/names.ts";
import { alarms, ask, urlOf } from "./ask.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

/** What containers bear in their environment, beyond the sentences of the policy: one row for each form of name or value. */

const digest = make.hex(32);
const mixed = `${make.base62(30)}aB3`;

test.each<[why: string, name: string, value: string]>([
  ["capital letters with marks of their own", "HASŁO_BAZY", "maple"],
  ["Turkish letters", "VERITABANI_ŞİFRESİ", "maple"],
  ["Cyrillic", "ПАРОЛЬ", "maple"],
  ["a script without marks between words", "数据库密码", "maple"],
  ["kana", "パスワード", "maple"],
  ["French for key", "CLE_API", mixed],
  ["German for secret key", "GEHEIMSCHLUESSEL", mixed],
  ["the salt of a hash is no hash", "HASH_SALT", digest],
  ["nor is its secret", "HASH_SECRET", digest],
  ["a key that encrypts an index", "BLIND_INDEX_MASTER_KEY", make.base64(32)],
  ["a key in one word", "JWTKEY", make.base64(32)],
  ["a salt at the end of a long word", "MM_EMAILSETTINGS_INVITESALT", mixed],
  ["a key at the end of a long word", "MM_SQLSETTINGS_ATRESTENCRYPTKEY", digest],
  ["a key for encrypting, whatever for", "PG_META_CRYPTO_KEY", digest],
  ["a hash's entry in Ruby", "OMNIBUS_CONFIG", `rails['smtp_enable'] = true\nrails['smtp_password'] = "${mixed}"`],
  ["an array's entry in PHP", "CONFIG_PHP", `<?php\n$conf['password'] = '${mixed}';`],
  ["a salt that is a key", "SALT_KEY", "9Ti&-rO|yd3(x)"],
  ["what SNMP calls its password", "SNMP_COMMUNITY_STRING", "maple7"],
  ["a password in parentheses", "MYSQL_PWD", "(pxv+X%!52bo)"],
  ["a cookie as a server sets it", "THING", `connect.sid=${make.alnum(32)}; Path=/; HttpOnly`],
  ["a login of InfluxDB 1", "INFLUX_URL", `http://influx:8086/write?db=x&u=admin&p=${make.base62(10)}`],
  ["accounts of cloud-init", "USER_DATA", `#cloud-config\nchpasswd:\n  list: |\n    root:${make.base62(12)}\n`],
  ["a local user", "ADD_LOCAL_USER", "test:falcon"],
  ["a webhook at a documentation host", "THING", `https://chat.example.com/hooks/${make.alnum(26)}`],
  ["a token of a length that is not known", "THING", `glsoat-${make.base62(48)}`],
  ["a token of a vendor that is not known", "THING", `newvendor_${make.base62(38)}aB3`],
  ["a bot's token under any name", "THING", `${btoa(`1${make.digits(17)}`)}.${make.base62(6)}.${make.base62(38)}`],
  ["a Bedrock key of the shorter form", "THING", `ABSK${btoa(`BedrockAPIKey-ab1c:${make.base62(44)}`)}`],
  ["a key that overrides another", "APP_SECRETKEY_OVERWRITE", `${make.lower(18)}C4`],
  ["a code that lets in", "ACCESS_CODE", make.base62(10)],
  ["what encrypts gossip, in its own JSON", "LOCAL_CONFIG", JSON.stringify({ server: true, encrypt: make.base64(32) })],
  [
    "options of a client as base64 in a URL",
    "REDIS_URL",
    `ioredis://${btoa(JSON.stringify({ password: make.lower(9) }))}`,
  ],
  ["a list of fields", "USER_CREATE", `username:octocat,machine:false,admin:true,token:${make.hex(32)}`],
  ["a password for each server", "REDIS_PASSWORD_MAP", JSON.stringify({ "redis://cache:6379": make.lower(9) })],
  [
    "a notifier's token without a digit",
    "NOTIFICATION_URL",
    `gotify://push.example.org/A${make.upper(7)}${make.lower(7)}`,
  ],
  ["an admin's key to a search", "TYPESENSE_SEARCH_ADMIN_KEY", mixed],
  ["words joined by dots, where any value signs", "JWT_SECRET", "harbor.walnut.lantern"],
  ["a key for what is sensitive", "SENSITIVE_PROPS_KEY", "qh0jMOlLn9P4"],
  ["a key of a stream in one word", "STREAMKEY", mixed],
  ["what dbt masks by its prefix", "DBT_ENV_SECRET_GIT_CREDENTIAL", mixed],
  ["a key among rclone's settings", "RCLONE_CONFIG_B2_KEY", `K00${make.digits(1)}${make.base62(26)}A`],
])("found: %s", (_why, name, value) => {
  expect(alarms(name, value)).toBe(true);
});

test.each<[why: string, name: string, value: string]>([
  ["the subject of a mail", "RESET_PASSWORD_SUBJECT", "Reset your password"],
  ["how good passwords are", "PASSWORD_QUALITY", "high"],
  ["a call in Ruby", "OMNIBUS_CONFIG", `rails['root_password'] = File.read('/run/secrets/pw').gsub("\\n", "")`],
  ["what happens to an old one", "PASSWORD_EXPIRED_ACTION", "lock"],
  ["the name of a table", "DB_TABLE_PASSWORDS", "user_passwords"],
  ["how strength is measured", "PASSWORD_STRENGTH_METER", "zxcvbn"],
  ["a limit in the middle of a name", "PASSWORD_MIN_UPPERCASE", "1"],
  ["where a claim is", "JWT_ROLE_CLAIM_KEY", ".realm_access.roles"],
  ["names of keys", "SECRET_KEYS", "username,password"],
  ["a template's sentence", "SMTP_PASSWORD", "your-256-bit-secret-here"],
  ["a file behind an at sign", "APP_SECRET", "@token.txt"],
  ["a value that was taken out", "CLIENT_SECRET", "***REMOVED***"],
  ["a mark of a build tool", "APP_SECRET", "@@TOKEN@@"],
  ["a parameter store", "APP_SECRET", "awsssm:/app/token"],
  ["a variable of JavaScript", "API_TOKEN", "env.API_TOKEN"],
  ["a template with square brackets", "CLIENT_SECRET", "[[ .Token ]]"],
  ["a session of a checkout", "THING", `cs_live_${make.base62(58)}`],
  ["a digest behind a vendor's prefix", "THING", `hcaik_${make.hex(40)}`],
  ["a checksum", "CONFIG_HASH", digest],
  ["a key to encrypt with, made public", "PUBLIC_ENCRYPTION_KEY", make.base64(32)],
  ["an option that a store holds, by Airflow's rule", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "sql_alchemy_conn"],
  ["what only hashing needs", "SPI_PASSWORD_HASHING_ARGON2_MEMORY", "7168"],
  ["within which time", "RESET_PASSWORD_WITHIN", "6.hours"],
  ["which model counts tokens", "RAG_TOKEN_MODEL", "cl100k_base"],
  ["what is preferred", "HASHED_PASSWORD_PREFERENCE", "argon2id"],
  ["fields of a directory", "DOVECOT_PASS_ATTRS", "uid=user,userPassword=password"],
  ["what social-auth calls a key", "SOCIAL_AUTH_GITHUB_KEY", make.hex(20)],
  ["what the user brings", "ANTHROPIC_API_KEY", "user_provided"],
  ["words that say what belongs there", "APP_KEY", "SomeRandomStringOf32CharsExactly"],
  ["the same with dashes", "SECRETS_OTP_KEY_BASE", "long-and-random-alphanumeric-string"],
  ["the same in capitals", "NEXTAUTH_SECRET", "RANDOM_STRING"],
  ["who gives it", "SECRET_ACCESS_KEY", "get_the_secret_of_above_key_from_aws"],
  ["by which it is changed", "HASH_SALT", "ChangeMeBy20+KeyLength"],
  ["a prefix alone", "OPENAI_API_KEY", "sk-"],
  [
    "a call of Ruby in one line",
    "OMNIBUS_CONFIG",
    "external_url 'http://a'; rails['root_password'] = File.read('/run/secrets/a b')",
  ],
  ["a host, though the name says secret", "CLIENT_SECRET", "vault.service.consul"],
  ["a verb in a connection string", "CONN", "Server=db;Encrypt=Mandatory;Integrated Security=true"],
  ["a notifier without a token", "NOTIFICATION_URL", "gotify://push.example.org/applications"],
  ["which key is the active one", "ENC_KEY_ACTIVE", make.base62(16)],
  ["an object that an annotation names", "nginx.example.io/basic-auth-secret", "metrics-basic-auth"],
  ["a key of a cache's configuration", "CACHE_CONFIG_ROUTE_KEY", mixed],
])("clean: %s", (_why, name, value) => {
  expect(alarms(name, value)).toBe(false);
});

test("marks above letters do not part a name's words", () => {
  expect(readName("contraseñaAdmin").family).toBe("password");
  expect(readName("JELSZÓ").family).toBe("password");
});

test("what is only put in place of an example's host is no example", () => {
  expect(ask("DB_URL", urlOf("postgres", "app", make.base62(12), "db.example.com/app"))).toMatchObject({
    secret: true,
  });
});
