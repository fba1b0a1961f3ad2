import { expect, test } from "vitest";
import { readName } from "../../src/detect/names.ts";
import { alarms, ask, make, urlOf } from "./ask.ts";

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
