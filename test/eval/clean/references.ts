import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { named, SERVICES, styled } from "../tools/words.ts";

const HEADS =
  "PASSWORD DB_PASSWORD API_KEY SECRET_KEY TOKEN JWT_SECRET CLIENT_SECRET ROOT_PASSWORD PRIVATE_KEY ACCESS_TOKEN DATABASE_URL AUTH_TOKEN ENCRYPTION_KEY SMTP_PASSWORD PASSPHRASE SESSION_SECRET WEBHOOK_SECRET CREDENTIALS";

/** What each tool writes in place of a value. */
const FORMS: readonly ((random: Random, service: string) => string)[] = [
  (_, s) => `\${${s.toUpperCase()}_PASSWORD}`,
  (_, s) => `$${s.toUpperCase()}_TOKEN`,
  (_, s) => `$(${s.toUpperCase()}_SECRET)`,
  (_, s) => `\${${s.toUpperCase()}_PASSWORD:?must be set}`,
  (_, s) => `%${s.toUpperCase()}_PASSWORD%`,
  (_, s) => `{{ vault_${s}_password }}`,
  (_, s) => `{{ .Values.${s}.password }}`,
  (_, s) => `{{ .Env.${s.toUpperCase()}_KEY }}`,
  (_, s) => `\${{ secrets.${s.toUpperCase()}_KEY }}`,
  (_, s) => `/run/secrets/${s}_password`,
  (_, s) => `file:///run/secrets/${s}`,
  (_, s) => `/etc/${s}/tls/private.key`,
  (_, s) => `vault:secret/data/${s}#password`,
  (_, s) => `vault:kv/${s}/prod#DB_PASSWORD`,
  (_, s) => `ref+vault://secret/apps/${s}#/DB_PASSWORD`,
  (_, s) => `ref+awssecrets://apps/${s}/key`,
  (_, s) => `ref+sops://secrets/${s}.sops.yaml#/TOKEN`,
  (_, s) => `ref+azurekeyvault://team/${s}-key`,
  (_, s) => `op://prod/${s}/password`,
  (_, s) => `op://Engineering/${s} api/credential`,
  (r, s) => `arn:aws:secretsmanager:eu-west-1:${r.of("d", 12)}:secret:prod/${s}-${r.of("n", 6)}`,
  (r, s) => `arn:aws:ssm:us-east-1:${r.of("d", 12)}:parameter/prod/${s}/password`,
  (r) => `arn:aws:kms:eu-central-1:${r.of("d", 12)}:key/${r.uuid()}`,
  (_, s) => `@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/${s}/)`,
  (_, s) => `@Microsoft.KeyVault(VaultName=acme;SecretName=${s}-password)`,
  (_, s) => `sm://acme-prod/${s}-password`,
  (_, s) => `projects/acme-prod/secrets/${s}/versions/3`,
  (_, s) => `{{resolve:secretsmanager:prod/${s}:SecretString:password}}`,
  (_, s) => `{{resolve:ssm-secure:/prod/${s}:1}}`,
  (_, s) => `secretref:${s}-key`,
  (_, s) => `$(cat /run/secrets/${s})`,
  (_, s) => `$(aws ssm get-parameter --name /prod/${s} --with-decryption --query Parameter.Value --output text)`,
  (_, s) => `ref+awsssm://prod/${s}/password`,
  (_, s) => `ref+gcpsecrets://acme-prod/${s}`,
  (_, s) => `\${ssm:/prod/${s}/password}`,
  (_, s) => `\${env:${s.toUpperCase()}_PASSWORD}`,
  (_, s) => `%env(${s.toUpperCase()}_PASSWORD)%`,
  (_, s) => `<%= ENV["${s.toUpperCase()}_KEY"] %>`,
  (_, s) => `{{ lookup('env', '${s.toUpperCase()}_KEY') }}`,
  (_, s) => `\${${s.toUpperCase()}_KEY:-}`,
];

const reference: Kind = {
  kind: "clean-reference",
  weight: 95,
  make: (random) => {
    const [form, head] = [random.deck(FORMS), random.deck(HEADS.split(" "))];
    return () => env(random, named(random, head()), form()(random, random.pick(SERVICES)));
  },
};

/** A name that says that its value only points to where the secret lies. */
const pointer: Kind = {
  kind: "clean-pointer-name",
  weight: 60,
  make: (random) => {
    const head = random.deck(HEADS.split(" ").filter((one) => one !== "DATABASE_URL"));
    const tail = random.deck<readonly [string, (service: string) => string]>([
      ["FILE", (s) => `/run/secrets/${s}`],
      ["FILE", (s) => `/var/lib/${s}/secret.txt`],
      ["PATH", (s) => `secret/data/${s}`],
      ["PATH", (s) => `/etc/${s}/credentials.json`],
      ["SECRET_NAME", (s) => `${s}-credentials`],
      ["ARN", (s) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${s}`],
      ["DIR", (s) => `/srv/${s}/keys`],
      ["URL", (s) => `https://sso.example.org/${s}/token`],
      ["REF", (s) => `${s}/production`],
      ["VAULT_PATH", (s) => `kv/${s}`],
      ["SECRET_KEY_REF", (s) => `${s}-key`],
      ["LOCATION", (s) => `/mnt/secrets/${s}`],
    ]);
    return () => {
      const [last, value] = tail();
      return env(
        random,
        styled(random, [
          ...(random.chance(0.6) ? [random.pick(SERVICES)] : []),
          ...head().split("_"),
          ...last.split("_"),
        ]),
        value(random.pick(SERVICES)),
      );
    };
  },
};

/** References in the middle of a string that holds nothing else of secret. */
const embedded: Kind = {
  kind: "clean-reference-embedded",
  weight: 35,
  make: (random) => {
    const next = random.deck<(s: string) => readonly [string, string]>([
      (s) => ["DATABASE_URL", `postgres://${s}:\${DB_PASSWORD}@db:5432/${s}`],
      (s) => ["DATABASE_URL", `mysql://${s}:$(DB_PASSWORD)@db:3306/${s}`],
      (s) => ["REDIS_URL", `redis://:$REDIS_PASSWORD@${s}:6379/0`],
      (s) => ["JDBC_URL", `jdbc:postgresql://db/${s}?user=${s}&password=\${DB_PASSWORD}`],
      (s) => ["DB_DSN", `host=db user=${s} password=\${PGPASSWORD} dbname=${s}`],
      (s) => ["ConnectionStrings__Default", `Server=db;Database=${s};User Id=sa;Password={{ .Env.SA_PASSWORD }};`],
      (s) => ["JAVA_OPTS", `-Ddb.password=\${DB_PASSWORD} -Dapp.name=${s}`],
      (s) => ["AUTHORIZATION", `Bearer \${${s.toUpperCase()}_TOKEN}`],
      (s) => ["APP_CONFIG", JSON.stringify({ db: { host: s, password: "${DB_PASSWORD}" } })],
      (s) => ["CONFIG_YAML", `db:\n  user: ${s}\n  password: \${DB_PASSWORD}\n`],
      (s) => ["MONGO_URI", `mongodb://${s}:{{ mongo_password }}@mongo:27017/${s}`],
      (s) => ["AMQP_URL", `amqp://${s}:%(RABBIT_PASSWORD)s@rabbit:5672/`],
      (s) => ["APP_SETTINGS", JSON.stringify({ apiKey: `vault:secret/data/${s}#key` })],
      (s) => ["NPMRC", `//registry.npmjs.org/:_authToken=\${NPM_TOKEN} ; ${s}`],
    ]);
    return () => env(random, ...next()(random.pick(SERVICES)));
  },
};

export const REFERENCES: readonly Kind[] = [reference, pointer, embedded];
