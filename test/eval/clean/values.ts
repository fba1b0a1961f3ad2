import { createHash } from "node:crypto";
import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { host, named, SERVICES, user, WORDS } from "../tools/words.ts";

const version = (random: Random): string => `${random.int(0, 24)}.${random.int(0, 30)}.${random.int(0, 15)}`;

/** Versions, paths, hosts and URLs that carry no password. */
const place: Kind = {
  kind: "clean-place",
  weight: 65,
  make: (random) => {
    const service = (): string => random.pick(SERVICES);
    const next = random.deck<() => readonly [string, string]>([
      () => [named(random, "VERSION"), version(random)],
      () => [named(random, "VERSION"), `v${version(random)}-rc.${random.int(1, 9)}+build.${random.hex(7)}`],
      () => [named(random, "IMAGE_TAG"), `${version(random)}-alpine3.20`],
      () => [named(random, "PATH"), `/opt/${service()}/bin:/usr/local/bin:/usr/bin`],
      () => [named(random, "HOME"), `/var/lib/${service()}`],
      () => [named(random, "CONFIG"), `/etc/${service()}/config.yaml`],
      () => [named(random, "HOST"), host(random)],
      () => [named(random, "ENDPOINT"), `https://${host(random)}:8443/api/v1`],
      () => [named(random, "URL"), `http://${service()}:8080/?debug=1#top`],
      () => [named(random, "BASE_URL"), `https://${service()}.example.org/a/b/c`],
      () => [named(random, "ALLOWED_ORIGINS"), `https://${service()}.example.org,https://www.example.org`],
      () => [named(random, "BUCKET"), `s3://acme-${service()}-${random.int(1, 99)}/exports/2025`],
      () => [named(random, "EMAIL"), `${service()}@example.org`],
      () => [named(random, "CIDR"), `10.${random.int(0, 255)}.0.0/16`],
      () => [named(random, "IMAGE"), `ghcr.io/acme/${service()}:${version(random)}`],
      () => [
        named(random, "DOWNLOAD_URL"),
        `https://github.com/acme/${service()}/releases/download/v${version(random)}/${service()}_linux_amd64.tar.gz`,
      ],
      () => [named(random, "GIT_URL"), `git@github.com:acme/${service()}.git`],
      () => [named(random, "SOCKET"), `unix:///var/run/${service()}.sock`],
      () => [named(random, "CLASSPATH"), `/app/lib/*:/app/${service()}-${version(random)}.jar`],
      () => [named(random, "SCHEDULE"), `*/${random.int(2, 30)} * * * *`],
      () => [named(random, "PATTERN"), `^/${service()}/[a-z0-9-]{8,64}$`],
      () => [named(random, "MESSAGE"), `Welcome to ${service()}, please log in with your password`],
      () => [named(random, "BUILD_DATE"), `2025-0${random.int(1, 9)}-1${random.int(0, 9)}T0${random.int(0, 9)}:12:45Z`],
      () => [named(random, "QUERY"), `SELECT id, password_hash FROM users WHERE name = $1`],
      () => [named(random, "MAC_ADDRESS"), (random.fill("02{10:h}").match(/../g) ?? []).join(":")],
      () => [named(random, "IPV6"), `fd00:${random.hex(4)}:${random.hex(4)}::1`],
    ]);
    return () => env(random, ...next()());
  },
};

/** Connection strings and URLs with a user, but no password. */
const open: Kind = {
  kind: "clean-connection",
  weight: 50,
  make: (random) => {
    const at = (): string => host(random);
    const next = random.deck<() => readonly [string, string]>([
      () => ["DATABASE_URL", `postgres://${at()}:5432/app`],
      () => ["DATABASE_URL", `postgresql://${user(random)}@${at()}:5432/app?sslmode=verify-full`],
      () => ["MONGO_URI", `mongodb://${at()}:27017,${at()}:27017/app?replicaSet=rs0`],
      () => ["REDIS_URL", `redis://${at()}:6379/0`],
      () => ["REDIS_URL", `rediss://default@${at()}:6380`],
      () => ["AMQP_URL", `amqp://${at()}:5672/%2f`],
      () => ["JDBC_URL", `jdbc:postgresql://${at()}:5432/app?sslmode=require&user=app`],
      () => ["JDBC_URL", `jdbc:sqlserver://${at()}:1433;databaseName=app;integratedSecurity=true;`],
      () => ["DB_DSN", `host=${at()} port=5432 user=app dbname=app sslmode=disable`],
      () => [
        "ConnectionStrings__Default",
        `Server=${at()};Database=App;Trusted_Connection=True;MultipleActiveResultSets=true`,
      ],
      () => [
        "ConnectionStrings__Sql",
        `Server=tcp:${at()},1433;Database=app;Authentication=Active Directory Managed Identity;`,
      ],
      () => ["KAFKA_BROKERS", `${at()}:9092,${at()}:9092`],
      () => ["ELASTICSEARCH_HOSTS", JSON.stringify([`http://${at()}:9200`])],
      () => ["HTTP_PROXY", `http://${at()}:3128`],
      () => ["NO_PROXY", `localhost,127.0.0.1,${at()},.svc`],
      () => ["GIT_REMOTE", `ssh://git@${at()}:2222/acme/app.git`],
      () => ["DB_DSN", `app@tcp(${at()}:3306)/app?parseTime=true`],
      () => ["SQLALCHEMY_DATABASE_URI", "sqlite:////data/app.db"],
      () => ["MAILER_DSN", `smtp://${at()}:25`],
      () => ["LDAP_URI", `ldaps://${at()}:636 ldaps://${at()}:636`],
      () => ["BLOB_ENDPOINT", "https://acme.blob.core.windows.net/data"],
      () => [
        "S3_URL",
        `https://acme.s3.eu-west-1.amazonaws.com/a/${random.hex(32)}/model.bin?versionId=${random.of("n", 32)}`,
      ],
      () => [
        "CALLBACK_URL",
        `https://app.example.org/oauth?client_id=${random.hex(20)}&response_type=code&scope=openid`,
      ],
      () => ["ZOOKEEPER_CONNECT", `${at()}:2181,${at()}:2181/kafka`],
      () => ["WEBHOOK_URL", `https://${at()}/hooks/deploy`],
      () => ["DOCS_URL", "https://api.slack.com/messaging/webhooks"],
    ]);
    return () => env(random, ...next()());
  },
};

const placeholder: Kind = {
  kind: "clean-placeholder",
  weight: 55,
  make: (random) => {
    const name = random.deck(
      "API_KEY SECRET_KEY DB_PASSWORD GITHUB_TOKEN OPENAI_API_KEY AWS_SECRET_ACCESS_KEY STRIPE_SECRET_KEY JWT_SECRET CLIENT_SECRET SLACK_TOKEN SMTP_PASSWORD AUTH_TOKEN ENCRYPTION_KEY".split(
        " ",
      ),
    );
    const next = random.deck<(name: string) => readonly [string, string]>([
      (n) => [n, "x".repeat(random.int(4, 40))],
      (n) => [n, "X".repeat(random.int(4, 32))],
      (n) => [n, "*".repeat(random.int(3, 24))],
      (n) => [n, `<your-${n.toLowerCase().replaceAll("_", "-")}>`],
      (n) => [n, `<${n}>`],
      (n) => [n, "CHANGE_ME_BEFORE_USE"],
      (n) => [n, `YOUR_${n}_HERE`],
      (n) => [n, `your_${n.toLowerCase()}_here`],
      (n) => [n, "<insert key here>"],
      (n) => [n, `[YOUR_${n}]`],
      (n) => [n, "REPLACE_ME"],
      (n) => [n, `REPLACE_WITH_YOUR_${n}`],
      () => ["OPENAI_API_KEY", `sk-${"x".repeat(random.int(8, 48))}`],
      () => ["OPENAI_API_KEY", "sk-..."],
      () => ["GITHUB_TOKEN", `ghp_${"x".repeat(36)}`],
      () => ["STRIPE_SECRET_KEY", `sk_test_${"x".repeat(24)}`],
      () => ["SLACK_TOKEN", "xoxb-xxxxxxxxxxxx-xxxxxxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx"],
      () => ["ANTHROPIC_API_KEY", `sk-ant-${"x".repeat(12)}`],
      () => ["AWS_SECRET_ACCESS_KEY", "<AWS_SECRET_ACCESS_KEY>"],
      (n) => [n, "••••••••••••"],
      (n) => [n, "{your-key}"],
      () => ["DATABASE_URL", "postgres://<user>:<password>@<host>:5432/<db>"],
      () => ["MONGO_URI", "mongodb+srv://<username>:<password>@cluster0.example.mongodb.net/test"],
      () => ["SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/XXXXXXXXX/XXXXXXXXX/XXXXXXXXXXXXXXXXXXXXXXXX"],
      () => ["AUTHORIZATION", "Bearer <token>"],
      (n) => [n, "[REDACTED]"],
      (n) => [n, "<redacted>"],
    ]);
    return () => env(random, ...next()(random.chance(0.25) ? named(random, name()) : name()));
  },
};

const empty: Kind = {
  kind: "clean-empty",
  weight: 18,
  make: (random) => () =>
    env(
      random,
      named(
        random,
        random.pick([
          "PASSWORD",
          "API_KEY",
          "SECRET",
          "TOKEN",
          "DB_PASSWORD",
          "ENCRYPTION_KEY",
          "DSN",
          "SECRET_KEY",
          "PASSPHRASE",
          "CREDENTIALS",
        ]),
      ),
      random.pick(["", "", "", '""', "''", " "]),
    ),
};

const ciphertext: Kind = {
  kind: "clean-ciphertext",
  weight: 42,
  make: (random) => {
    const head = random.deck(
      "PASSWORD DB_PASSWORD API_KEY SECRET_KEY TOKEN CLIENT_SECRET PRIVATE_KEY SMTP_PASSWORD".split(" "),
    );
    const next = random.deck<() => string>([
      () =>
        `ENC[AES256_GCM,data:${random.base64(random.int(8, 40))},iv:${random.base64(32)},tag:${random.base64(16)},type:str]`,
      () => `ENC(${random.base64(random.pick([32, 48, 64]))})`,
      () => `vault:v${random.int(1, 4)}:${random.base64(random.int(40, 80))}`,
      () =>
        `$ANSIBLE_VAULT;1.1;AES256\n${Array.from({ length: 4 }, () => createHash("sha256").update(random.bytes(8)).digest("hex")).join("\n")}`,
      () => `ENC[PKCS7,${random.base64(300)}]`,
      () => `AQICAH${random.of("b", 230)}==`,
      () => `{cipher}${random.hex(128)}`,
      () =>
        `-----BEGIN AGE ENCRYPTED FILE-----\n${(random.base64(180).match(/.{1,64}/g) ?? []).join("\n")}\n-----END AGE ENCRYPTED FILE-----\n`,
      () =>
        `-----BEGIN PGP MESSAGE-----\n\n${(random.base64(200).match(/.{1,64}/g) ?? []).join("\n")}\n=${random.of("b", 4)}\n-----END PGP MESSAGE-----\n`,
      () =>
        JSON.stringify({
          sops: { version: "3.9.0" },
          password: `ENC[AES256_GCM,data:${random.base64(12)},iv:${random.base64(32)},tag:${random.base64(16)},type:str]`,
        }),
    ]);
    return () => env(random, named(random, head()), next()());
  },
};

/** Prose and lists with secret words in them, under ordinary names. */
const prose: Kind = {
  kind: "clean-prose",
  weight: 18,
  make: (random) => () =>
    env(
      random,
      random.pick([
        "DESCRIPTION",
        "HELP_TEXT",
        "BANNER",
        "LOGIN_HINT",
        "MOTD",
        "APP_TITLE",
        "FOOTER",
        "ROLES",
        "SCOPES",
        "REDACT_FIELDS",
        "LOG_MASK_KEYS",
        "FEATURES",
      ]),
      random.pick([
        () => "Sign in with your company password. Tokens expire after one hour.",
        () => `The ${random.pick(WORDS)} secret of good ${random.pick(SERVICES)}`,
        () => "password,token,secret,api_key,authorization",
        () => "password|passwd|secret|authorization",
        () => `read:${random.pick(SERVICES)} write:tokens admin:keys`,
        () => "Use --password-stdin rather than --password",
        () => `${random.pick(WORDS)}-${random.pick(SERVICES)}-password-reset`,
        () => "Never share your API key: rotate it every 90 days",
      ])(),
    ),
};

export const VALUES: readonly Kind[] = [place, open, placeholder, empty, ciphertext, prose];
