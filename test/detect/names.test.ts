import { expect, test } from "vitest";
import { readName } from "../../src/detect/names/names.ts";
import { splitWords } from "../../src/detect/names/words.ts";

test.each([
  ["DB_PASSWORD", "db password"],
  ["dbPassword", "db password"],
  ["spring.datasource.password", "spring datasource password"],
  ["DBPASSWORD", "db password"],
  ["apikey", "api key"],
  ["AWSSecretKey", "aws secret key"],
  ["X-Api-Key", "x api key"],
  ["token2", "token 2"],
  ["PYTHON_SHA256", "python sha256"],
  ["oauth2Token", "oauth2 token"],
  ["KEYBOARD_LAYOUT", "keyboard layout"],
  ["COMPASS", "compass"],
  ["monkey", "monkey"],
])("%s is read as «%s»", (name, words) => {
  expect(splitWords(name).join(" ")).toBe(words);
});

test.each([
  ["DB_PASSWORD", "password"],
  ["PGPASSWORD", "password"],
  ["MYSQL_PWD", "password"],
  ["SENHA_BANCO", "password"],
  ["DB_MDP", "password"],
  ["PASSWORT", "password"],
  ["CLAVE_BD", "password"],
  ["KEY_PASSPHRASE", "password"],
  ["REDISCLI_AUTH", "password"],
  ["ADMIN_PIN", "pin"],
  ["JWT_SECRET_PROD", "secret"],
  ["SECRET_KEY_BASE", "key"],
  ["API_KEY_2", "key"],
  ["NPM_TOKEN", "token"],
  ["AUTH_SALT", "salt"],
  ["RABBITMQ_ERLANG_COOKIE", "cookie"],
  ["SECRETKEY_OVERWRITE", "key"],
  ["ACCESS_CODE", "password"],
  ["SEARCH_ADMIN_KEY", "key"],
  ["SOCIAL_AUTH_APPLE_PRIVATE_KEY", "key"],
  ["ZBX_TLSPSK", "password"],
  ["AIRFLOW__API_AUTH__JWT_SECRET", "secret"],
  ["VAULT_SECRET_ID", "secret"],
  ["WALLET_MNEMONIC", "phrase"],
  ["PASSWORD_ADMIN", "password"],
  ["CLE_API", "key"],
  ["INVENTORY_CHAVE_API", "key"],
  ["LLAVE_PRIVADA", "key"],
  ["KLUCZ_API", "key"],
  ["API_NYCKEL", "key"],
  ["GIZLI_ANAHTAR", "key"],
  ["APP_GEHEIM", "secret"],
  ["APP_SALAISUUS", "secret"],
  ["API密钥", "key"],
  ["ключ_api", "key"],
  ["クライアントシークレット", "secret"],
])("%s promises a %s", (name, family) => {
  expect(readName(name)).toMatchObject({ family, setting: null });
});

test.each([
  "DB_PASSWORD_FILE",
  "PASSWORD_MIN_LENGTH",
  "TOKEN_EXPIRY",
  "SECRET_NAME",
  "PASSWORD_FIELD",
  "AUTH_TYPE",
  "TOKEN_ENDPOINT",
  "API_KEY_HEADER",
  "ACCESS_KEY_ID",
  "CREDENTIALS_PATH",
  "SECRET_STORE",
  "JWT_ALGORITHM",
  "SECRET_ROTATION_DAYS",
  "AIRFLOW__CORE__FERNET_KEY_SECRET",
  "TOKEN_MODEL",
  "RESET_PASSWORD_WITHIN",
  "PROXY_PASS",
  "PasswordMtime",
])("%s is a setting", (name) => {
  expect(readName(name).setting).not.toBeNull();
});

test.each([
  "KEYBOARD_LAYOUT",
  "GPG_KEY",
  "PUBLIC_KEY",
  "SORT_KEY",
  "MAX_TOKENS",
  "AUTHOR",
  "COMPASS",
  "MONKEY",
  "PASSENGER",
  "TOKENIZERS_PARALLELISM",
  "PASSWORD_HASHING_ARGON2_MEMORY",
  "SOCIAL_AUTH_GITHUB_KEY",
  "SEARCH_KEY",
  "SECRETARY",
  "PINNED",
  "NOPASSWD",
  "TIKTOKEN",
])("%s promises nothing", (name) => {
  expect(readName(name).family).toBeNull();
});
