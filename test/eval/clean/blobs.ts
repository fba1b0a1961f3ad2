import { gzipSync } from "node:zlib";
import { env, type Kind } from "../tools/row.ts";
import { host, SERVICES } from "../tools/words.ts";
import { certificate } from "./public.ts";

const blob: Kind = {
  kind: "clean-blob",
  weight: 55,
  make: (random) => {
    const make = random.deck<() => string>([
      () =>
        JSON.stringify({
          log: { level: "info" },
          db: { host: host(random), port: 5432, passwordFile: "/run/secrets/db" },
        }),
      () =>
        JSON.stringify({
          auth: { type: "oidc", tokenUrl: "https://sso.example.org/token", clientId: random.uuid() },
          ttl: 3600,
        }),
      () => JSON.stringify({ features: { newKeyboard: true, passwordless: true }, revision: random.hex(40) }),
      () => JSON.stringify({ apiKey: "${API_KEY}", endpoint: `https://${host(random)}` }),
      () =>
        JSON.stringify([
          { name: "a", url: `http://${host(random)}:8080` },
          { name: "b", url: `http://${host(random)}:8081` },
        ]),
      () => `server:\n  port: 8080\n  tls:\n    keyFile: /certs/tls.key\n    certFile: /certs/tls.crt\n`,
      () => `auth:\n  enabled: true\n  passwordSecretRef:\n    name: db\n    key: password\n`,
      () => `LOG_LEVEL=info\nDB_HOST=${host(random)}\nDB_PASSWORD_FILE=/run/secrets/db\n`,
      () => `[server]\nlisten = 0.0.0.0:80\nkey_file = /etc/ssl/private/tls.key\n`,
      () => `kind: ConfigMap\nmetadata:\n  name: app\n  uid: ${random.uuid()}\ndata:\n  TOKEN_TTL: "3600"\n`,
      () =>
        JSON.stringify({
          type: "external_account",
          audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/gh",
          token_url: "https://sts.googleapis.com/v1/token",
          credential_source: { file: "/var/run/token" },
        }),
      () => JSON.stringify({ auths: {}, credsStore: "ecr-login" }),
      () => certificate(random),
    ]);
    return () => {
      const text = make()();
      const form = random.int(0, 9);
      const name = random.pick([
        "APP_CONFIG",
        "CONFIG_JSON",
        "SETTINGS",
        "CONFIG_B64",
        "BLOB",
        "USER_DATA",
        "EXTRA_CONFIG",
        "PAYLOAD",
        "INIT_DATA",
      ]);
      if (form < 6) return env(random, name, text);
      if (form < 8) return env(random, name, Buffer.from(text).toString("base64"));
      return env(random, name, gzipSync(text, { level: 9 }).toString("base64"));
    };
  },
};

/** Pictures and other bytes in base64, as themes and icons have them. */
const bytes: Kind = {
  kind: "clean-base64-bytes",
  weight: 16,
  make: (random) => () => {
    const png = Buffer.concat([
      Buffer.from("89504e470d0a1a0a0000000d49484452000000100000001008060000001ff3ff61", "hex"),
      random.bytes(random.int(60, 200)),
    ]);
    const [name, value] = random.pick<() => readonly [string, string]>([
      () => ["LOGO", `data:image/png;base64,${png.toString("base64")}`],
      () => ["FAVICON_B64", png.toString("base64")],
      () => [
        "ICON",
        `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>').toString("base64")}`,
      ],
      () => [
        "WELCOME_B64",
        Buffer.from(`Welcome to the ${random.pick(SERVICES)} service. Have a nice day!`).toString("base64"),
      ],
    ])();
    return env(random, name, value);
  },
};

export const CLEAN_BLOBS: readonly Kind[] = [blob, bytes];
