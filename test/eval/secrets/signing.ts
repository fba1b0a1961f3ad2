import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { humanPassword } from "./passwords.ts";
import { WORDS } from "../tools/words.ts";

/** What each framework generates by itself, under the name that it documents. */
const APPLICATIONS: readonly (readonly [names: string, make: (random: Random) => string])[] = [
  ["DJANGO_SECRET_KEY SECRET_KEY", (random) => random.from("abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*-_=+", 50)],
  [
    "DJANGO_SECRET_KEY",
    (random) => `django-insecure-${random.from("abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*-_=+", 50)}`,
  ],
  ["SECRET_KEY_BASE RAILS_SECRET_KEY_BASE", (random) => random.hex(128)],
  ["RAILS_MASTER_KEY", (random) => random.hex(32)],
  [
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT OTP_SECRET",
    (random) => random.of("n", 32),
  ],
  ["APP_KEY LARAVEL_APP_KEY", (random) => `base64:${random.base64(32)}`],
  ["NEXTAUTH_SECRET AUTH_SECRET BETTER_AUTH_SECRET", (random) => random.base64(32)],
  [
    "FERNET_KEY AIRFLOW__CORE__FERNET_KEY",
    (random) => random.bytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
  ],
  ["AIRFLOW__WEBSERVER__SECRET_KEY FLASK_SECRET_KEY SUPERSET_SECRET_KEY", (random) => random.hex(32)],
  [
    "JWT_SECRET JWT_SECRET_KEY JWT_SIGNING_KEY ACCESS_TOKEN_SECRET REFRESH_TOKEN_SECRET",
    (random) => random.base64url(48),
  ],
  ["SESSION_SECRET EXPRESS_SESSION_SECRET COOKIE_SECRET SESSION_KEY", (random) => random.of("n", 40)],
  ["OAUTH2_PROXY_COOKIE_SECRET", (random) => random.base64url(32)],
  ["APP_SECRET SYMFONY_SECRET", (random) => random.hex(32)],
  ["ERLANG_COOKIE RABBITMQ_ERLANG_COOKIE RELEASE_COOKIE", (random) => random.of("U", 20)],
  [
    "AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT WORDPRESS_AUTH_KEY",
    (random) => random.from("abcdefghijkmnopqrstuvwxyzABCDEFGH0123456789!@#%^&*()-_[]<>~`+=,.;:/?|", 64),
  ],
  ["N8N_ENCRYPTION_KEY DIRECTUS_SECRET STRAPI_ADMIN_JWT_SECRET API_TOKEN_SALT", (random) => random.base64(24)],
  ["APP_KEYS", (random) => Array.from({ length: 4 }, () => random.base64(16)).join(",")],
  ["GF_SECURITY_SECRET_KEY SECRET_KEY PAPERLESS_SECRET_KEY AUTHENTIK_SECRET_KEY", (random) => random.of("n", 50)],
  ["META_ENCRYPTION_KEY DATA_ENCRYPTION_KEY ENCRYPTION_KEY AES_KEY MASTER_ENCRYPTION_KEY", (random) => random.hex(64)],
  ["HMAC_KEY HMAC_SECRET WEBHOOK_SIGNING_KEY CSRF_SECRET URL_SIGNING_KEY", (random) => random.hex(40)],
  ["PASSWORD_PEPPER HASH_SALT HASHIDS_SALT APP_SALT", (random) => random.of("n", 24)],
  ["DATABASE_ENCRYPTION_KEY VAULT_UNSEAL_KEY VAULT_UNSEAL_KEY_1 UNSEAL_KEY", (random) => random.base64(33)],
  ["MEILI_MASTER_KEY TYPESENSE_API_KEY SEARCH_MASTER_KEY", (random) => random.base64url(24)],
  ["IMGPROXY_KEY IMGPROXY_SALT", (random) => random.hex(64)],
  ["LIVEKIT_KEYS", (random) => `API${random.of("n", 12)}: ${random.of("n", 43)}`],
  [
    "SYNAPSE_REGISTRATION_SHARED_SECRET TURN_SHARED_SECRET COTURN_STATIC_AUTH_SECRET SYNAPSE_MACAROON_SECRET_KEY",
    (random) => random.of("n", 50),
  ],
  ["KEYGEN_SIGNING_SECRET PHX_SECRET_KEY_BASE LIVE_VIEW_SIGNING_SALT", (random) => random.base64(48)],
  ["TOTP_SECRET MFA_SECRET OTP_SEED", (random) => random.of("B", 32)],
  ["GUACAMOLE_JSON_SECRET_KEY", (random) => random.hex(32)],
  [
    "CODE_SERVER_HASHED_SECRET_KEY LINKDING_SECRET HEDGEDOC_SESSION_SECRET CMD_SESSION_SECRET",
    (random) => random.hex(64),
  ],
];

const applications: Kind = {
  kind: "signing-secret",
  weight: 75,
  make: (random) => {
    const next = random.deck(APPLICATIONS);
    return () => {
      const [names, make] = next();
      return env(random, random.pick(names.split(" ")), make(random));
    };
  },
};

/** The same names with what people type by hand. */
const typed: Kind = {
  kind: "signing-secret-typed",
  weight: 30,
  make: (random) => {
    const name = random.deck(
      "JWT_SECRET SESSION_SECRET SECRET_KEY SECRET_KEY_BASE COOKIE_SECRET NEXTAUTH_SECRET APP_SECRET jwtSecret auth.jwt.secret Jwt__Secret ENCRYPTION_KEY TOKEN_SECRET HMAC_SECRET session-secret".split(
        " ",
      ),
    );
    return () =>
      env(
        random,
        name(),
        random.pick([
          () => humanPassword(random),
          () => `my-${random.pick(WORDS)}-secret`,
          () => `super_secret_${random.pick(WORDS)}_key`,
          () => `${random.pick(WORDS)} ${random.pick(WORDS)}`,
          () => `${random.pick(WORDS)}-${random.pick(WORDS)}-${random.pick(WORDS)}`,
          () => random.pick(["keyboard cat", "shhhhh", "s3cr3t", "secret", "dev-secret", "not-so-secret"]),
        ])(),
      );
  },
};

export const SIGNING: readonly Kind[] = [applications, typed];
