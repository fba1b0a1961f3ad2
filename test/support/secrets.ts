import { generateKeyPairSync, randomBytes } from "node:crypto";
import { plant } from "./planted.ts";

const letters = (length: number): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
};

/** Twelve secrets of different kinds and shapes, new each time: nothing here is a literal that a scanner would flag. */
export function twelveSecrets(largest = 20 * 1024): { readonly [name: string]: string } {
  // An RSA key takes a fifth of a second to make.
  const pem = generateKeyPairSync("ec", { namedCurve: "secp521r1" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
  const secrets = {
    DB_PASSWORD: letters(18),
    TLS_PRIVATE_KEY: pem,
    STRIPE_SECRET_KEY: ["sk", "live", letters(99)].join("_"),
    GITHUB_TOKEN: `ghp_${letters(36)}`,
    DATABASE_URL: `postgres://app:${letters(20)}@db.internal:5432/app?sslmode=require`,
    SESSION_SECRET: randomBytes(32).toString("hex"),
    SMTP_PASSWORD: `${letters(6)}$HOME$$${letters(4)}\${X}\`id\``,
    ADMIN_PASSWORD: `${letters(5)}'"\\ "${letters(5)}'`,
    API_TOKEN: `${letters(12)}-äöü-密码-🔑-${letters(6)}`,
    SIGNING_SECRET: `${letters(40)}\n${letters(30)}\n\n`,
    SERVICE_ACCOUNT_CREDENTIALS: JSON.stringify({ type: "service_account", private_key: pem, token: letters(40) }),
    LICENSE_SECRET: letters(largest),
  };
  for (const [name, value] of Object.entries(secrets)) plant(name, value, secretParts(name, value));
  return secrets;
}

/** What is secret of one of the twelve: its public prefix or host name may turn up anywhere. */
export function secretParts(name: string, value: string): readonly string[] {
  if (name === "TLS_PRIVATE_KEY") return [pemBody(value)];
  if (name === "STRIPE_SECRET_KEY") return [value.split("_")[2] ?? value];
  if (name === "GITHUB_TOKEN") return [value.slice(4)];
  if (name === "DATABASE_URL") return [decodeURIComponent(new URL(value).password)];
  if (name === "SERVICE_ACCOUNT_CREDENTIALS") {
    const { private_key, token } = JSON.parse(value) as { private_key: string; token: string };
    return [pemBody(private_key), token];
  }
  return [value];
}

/** Without its first lines: those begin alike in every key. */
function pemBody(pem: string): string {
  return pem.split("\n").slice(2, -2).join("\n");
}

/** Thirty variables that are none. */
export function plainVariables(): { readonly [name: string]: string } {
  const fixed = {
    LOG_LEVEL: "info",
    PORT: "8080",
    TZ: "Europe/Berlin",
    LANG: "C.UTF-8",
    FEATURE_X: "true",
    DB_HOST: "db.internal",
    DB_NAME: "app",
    PASSWORD_MIN_LENGTH: "12",
    TOKEN_TTL: "3600",
    API_URL: "https://api.example.org/v1",
  };
  return { ...fixed, ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`SETTING_${at}`, `value ${at}`])) };
}
