import { gzipSync } from "node:zlib";
import type { Random } from "../tools/random.ts";
import { env, type Kind } from "../tools/row.ts";
import { host, named, SERVICES, user } from "../tools/words.ts";
import { plainPassword, urlPassword } from "./connections.ts";
import { pem, mnemonic } from "./keys.ts";
import { humanPassword } from "./passwords.ts";
import { speakingToken } from "./tokens.ts";

/** A service account's key as Google's console downloads it. */
function serviceAccount(random: Random): object {
  return {
    type: "service_account",
    project_id: "acme-prod",
    private_key_id: random.hex(40),
    private_key: pem(random),
    client_email: `${random.pick(SERVICES)}@acme-prod.iam.gserviceaccount.com`,
    client_id: random.of("d", 21),
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
  };
}

const JSONS: readonly (readonly [name: string, make: (random: Random) => object])[] = [
  [
    "APP_CONFIG",
    (r) => ({ log: "info", db: { host: host(r), port: 5432, user: user(r), password: plainPassword(r) } }),
  ],
  ["SPRING_APPLICATION_JSON", (r) => ({ "spring.datasource.password": humanPassword(r), "server.port": 8080 })],
  ["CONFIG_JSON", (r) => ({ features: ["a", "b"], stripe: { secretKey: r.fill("sk_live_{99:n}") } })],
  ["DB_CREDENTIALS", (r) => ({ username: "app", password: humanPassword(r), engine: "postgres", host: host(r) })],
  ["GOOGLE_APPLICATION_CREDENTIALS_JSON", serviceAccount],
  ["FIREBASE_CONFIG_JSON", serviceAccount],
  [
    "VCAP_SERVICES",
    (r) => ({ postgresql: [{ name: "db", credentials: { uri: `postgres://u:${urlPassword(r)}@${host(r)}/app` } }] }),
  ],
  ["NODE_CONFIG", (r) => ({ auth: { jwtSecret: humanPassword(r), ttl: 3600 } })],
  [
    "AZURE_CREDENTIALS",
    (r) => ({
      clientId: r.uuid(),
      clientSecret: r.fill("{3:n}8Q~{34:w}"),
      subscriptionId: r.uuid(),
      tenantId: r.uuid(),
    }),
  ],
  ["AWS_KEYS_JSON", (r) => ({ AccessKeyId: r.fill("AKIA{16:B}"), SecretAccessKey: r.of("b", 40) })],
  [
    "SERVERS",
    (r) =>
      [{ url: "http://a" }, { url: "http://b", auth: { type: "basic", user: "x", pass: plainPassword(r) } }] as object,
  ],
  ["SETTINGS", (r) => ({ wallet: { mnemonic: mnemonic(r) }, network: "testnet" })],
  ["COMPOSER_AUTH", (r) => ({ "github-oauth": { "github.com": r.hex(40) } })],
  [
    "RCLONE_REMOTES",
    (r) => ({
      token: JSON.stringify({
        access_token: r.fill("ya29.a0A{120:w}"),
        token_type: "Bearer",
        expiry: "2025-03-01T00:00:00Z",
      }),
    }),
  ],
  [
    "SMTP_JSON",
    (r) => ({ host: host(r), port: 587, secure: true, auth: { user: "robot@example.org", pass: humanPassword(r) } }),
  ],
];

const json: Kind = {
  kind: "blob-json",
  weight: 42,
  make: (random) => {
    const next = random.deck(JSONS);
    return () => {
      const [name, make] = next();
      return env(
        random,
        random.chance(0.7) ? name : named(random, random.pick(["CONFIG", "SETTINGS", "OPTIONS"])),
        random.chance(0.8) ? JSON.stringify(make(random)) : JSON.stringify(make(random), null, 2),
      );
    };
  },
};

const TEXTS: readonly ((random: Random) => string)[] = [
  (r) => `database:\n  host: ${host(r)}\n  username: app\n  password: ${plainPassword(r)}\nlog: debug\n`,
  (r) => `server:\n  port: 8080\nauth:\n  jwt:\n    secret: "${humanPassword(r)}"\n    ttl: 1h\n`,
  (r) => `LOG_LEVEL=info\nDB_HOST=${host(r)}\nDB_PASSWORD=${plainPassword(r)}\n`,
  (r) => `export AWS_REGION=eu-west-1\nexport AWS_SECRET_ACCESS_KEY=${r.of("b", 40)}\n`,
  (r) =>
    `[default]\naws_access_key_id = ${r.fill("AKIA{16:B}")}\naws_secret_access_key = ${r.of("b", 40)}\nregion = eu-central-1\n`,
  (r) => `[client]\nuser=root\npassword=${plainPassword(r)}\nhost=${host(r)}\n`,
  (r) =>
    `spring.datasource.url=jdbc:postgresql://${host(r)}/app\nspring.datasource.username=app\nspring.datasource.password=${plainPassword(r)}\n`,
  (r) => `api_keys:\n  - name: ci\n    key: ${speakingToken(r)}\n`,
  (r) => `apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: ${r.of("n", 64)}\n`,
  (r) =>
    `<settings><servers><server><id>corp</id><username>ci</username><password>${r.of("n", 16)}</password></server></servers></settings>`,
  (r) => `machine ${host(r)}\n  login ci\n  password ${plainPassword(r)}\n`,
  (r) => `[remote]\ntype = webdav\nurl = https://${host(r)}/dav\nuser = app\npass = ${r.base64url(30)}\n`,
];

const plain: Kind = {
  kind: "blob-text",
  weight: 36,
  make: (random) => {
    const next = random.deck(TEXTS);
    return () =>
      env(
        random,
        random.pick([
          "APP_CONFIG",
          "CONFIG_YAML",
          "DOTENV",
          "ENV_FILE_CONTENT",
          "APPLICATION_YML",
          "INLINE_CONFIG",
          "SETTINGS_INI",
          "PROPERTIES",
          "EXTRA_CONFIG",
          "USER_DATA",
        ]),
        next()(random),
      );
  },
};

const encoded: Kind = {
  kind: "blob-encoded",
  weight: 46,
  make: (random) => {
    const text = random.deck(TEXTS);
    const object = random.deck(JSONS);
    return () => {
      const inner = random.pick([
        () => text()(random),
        () => JSON.stringify(object()[1](random)),
        () => `DB_PASSWORD=${plainPassword(random)}\nPORT=80\n`,
        () => pem(random),
      ])();
      const value = random.pick([
        () => Buffer.from(inner).toString("base64"),
        () => Buffer.from(inner).toString("base64url"),
        () => gzipSync(inner, { level: 9 }).toString("base64"),
        () => `base64:${Buffer.from(inner).toString("base64")}`,
        () => Buffer.from(Buffer.from(inner).toString("base64")).toString("base64"),
      ])();
      return env(
        random,
        random.pick([
          "CONFIG_B64",
          "APP_CONFIG_BASE64",
          "BLOB",
          "BOOTSTRAP_DATA",
          "ENCODED_CONFIG",
          "DATA_GZ",
          "USERDATA",
          "CI_VARS",
          "PAYLOAD",
          "KUBECONFIG_B64",
        ]),
        value,
      );
    };
  },
};

const docker: Kind = {
  kind: "docker-auth",
  weight: 20,
  make: (random) => () => {
    const auth = Buffer.from(
      `${user(random)}:${random.chance(0.5) ? plainPassword(random) : random.fill("dckr_pat_{27:w}")}`,
    ).toString("base64");
    const config = JSON.stringify({
      auths: { [random.pick(["https://index.docker.io/v1/", "ghcr.io", "registry.example.org"])]: { auth } },
    });
    const [name, value] = random.pick<() => readonly [string, string]>([
      () => [random.pick(["DOCKER_AUTH_CONFIG", "DOCKER_CONFIG_JSON", "REGISTRY_AUTHS"]), config],
      () => [
        random.pick(["DOCKERCONFIGJSON", ".dockerconfigjson", "IMAGE_PULL_CONFIG"]),
        Buffer.from(config).toString("base64"),
      ],
      () => [random.pick(["REGISTRY_AUTH", "DOCKER_AUTH", "NPM_AUTH", "npm_config__auth"]), auth],
      () => [
        "X_REGISTRY_AUTH",
        Buffer.from(
          JSON.stringify({ username: "ci", password: plainPassword(random), serveraddress: "ghcr.io" }),
        ).toString("base64"),
      ],
    ])();
    return env(random, name, value);
  },
};

export const BLOBS: readonly Kind[] = [json, plain, encoded, docker];
