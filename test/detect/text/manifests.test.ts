import { describe, expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// What manifests and charts say of Secrets: their values are secrets, the names of them and of their entries are none.

const kit = makeKit(41);
/** As WordPress draws its salts: characters of every kind. */
const SALT = `*aQ7${kit.of("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%^&*()-_[]{}<>~`+=,.;:/?|", 60)}`;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a Secret of Kubernetes in a file", () => {
  const head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  namespace: demo\n";

  test("every entry counts, by whatever name", () => {
    const file = `---\n${head}type: Opaque\ndata:\n  who: ${base64("alice")}\n  "quoted": ${base64("blue house")}\nstringData:\n  region: north\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  colour: green\n`;
    expect(alarmsIn("deploy/secret.yaml", file)).toEqual(["who", "quoted", "region"]);
    expect(partsIn("deploy/secret.yaml", file)).toEqual([base64("alice"), base64("blue house"), "north"]);
  });

  test("an item of a list is one object", () => {
    const item = (kind: string, name: string): string =>
      `- apiVersion: v1\n  kind: ${kind}\n  data:\n    ${name}: ${base64("plain word")}\n`;
    const file = `apiVersion: v1\nkind: List\nitems:\n${item("ConfigMap", "before")}${item("Secret", "inside")}${item("ConfigMap", "behind")}`;
    expect(alarmsIn("all.yaml", file)).toEqual(["inside"]);
  });

  test.each([
    ["nothing", `data:\n  a: ""\n  b:\n`],
    ["templates", "data:\n  a: {{ .Values.a | b64enc }}\n  b: '{{ .Values.b }}'\n"],
    ["references", "stringData:\n  a: ${PASS}\n  b: ref+vault://secret/app#/b\n"],
    ["certificates", `data:\n  tls.crt: ${base64("-----BEGIN CERTIFICATE-----\nMIIB\n")}\n`],
    ["what a secret is, without one", "type: Opaque\n"],
  ])("%s: nothing", (_what, text) => {
    expect(alarmsIn("deploy/secret.yaml", head + text)).toEqual([]);
  });

  test("an object of another kind: nothing", () => {
    expect(alarmsIn("a.yaml", `apiVersion: v1\nkind: SecretStore\ndata:\n  who: ${base64("alice")}\n`)).toEqual([]);
  });
});

test.each([
  ["values.yaml", "secretKey: github_app_id"],
  ["values.yaml", "jdbcSecretPasswordKey: jdbc-password"],
  ["values.yaml", "httpSecretUsernameKey: username"],
  ["values.yaml", "githubConfigSecret: pre-defined-secret"],
  ["values.yaml", "sshSecretKey: id_rsa"],
  ["values.yaml", "password_rotation_user_retention: 180"],
  ["contributors.json", '  "github_login": "octocat1347",'],
  ["ca.conf", "basicConstraints = CA:TRUE\nCN = system:node:node-0"],
  ["client.py", "request.headers['Authorization'] = 'Bearer {0.token}'.format(self)"],
  ["client.py", `urls = {"access_token": "/o/token/", "personal_token": f"{config.base}v1/tokens/"}`],
  ["installer.py", 'CRED = "\\033[31m"'],
  ["tls.go", `CipherSuitesKey: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",`],
])("%s: %s is no secret", (path, text) => {
  expect(alarmsIn(path, text)).toEqual([]);
});

test("what a registry's token is for is its name", () => {
  const token = kit.base62(40);
  expect(alarmsIn(".npmrc", `//registry.example.org/team/:_authToken=${token}\n`)).toEqual([
    "//registry.example.org/team/:_authToken",
  ]);
  expect(alarmsIn(".npmrc", `_authToken=${token}\n`)).toEqual(["_authToken"]);
});

test("a key that stands in a chart's values is one", () => {
  expect(alarmsIn("values.yaml", `secretKey: ${kit.base62(32)}\njwtSecret: ${kit.base62(32)}\n`)).toEqual([
    "secretKey",
    "jwtSecret",
  ]);
});

test.each([
  ["config.yaml", `AUTH_SALT: "${SALT}"`, "AUTH_SALT"],
  ["config.yaml", "SFTP_USERS_AUTH: jsmith:P@ssw0rd470", "SFTP_USERS_AUTH"],
  ["config.go", 'const geheimnis = "galaxy#island"', "geheimnis"],
  ["config.js", "keyPassphrase: 'crimson-rainbow-cherry-falcon-rocket',", "keyPassphrase"],
  [
    "Config.java",
    'props.setProperty("postgres.init", "CREATE ROLE app LOGIN PASSWORD \'thunder62\'");',
    "postgres.init",
  ],
  ["config.py", `server_options = "--bind 0.0.0.0 --api-key ${kit.base62(32)} --verbose"`, "server_options"],
  ["config.rb", "config.clickhouse_password = 'docker'", "config.clickhouse_password"],
])("%s: %s is one", (path, text, name) => {
  expect(alarmsIn(path, `${text}\n`)).toEqual([name]);
});
