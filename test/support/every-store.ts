import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { googleClient } from "../services/google-client.ts";
import { startKeyVault } from "../services/key-vault.ts";
import { startKeywhiz } from "../services/keywhiz.ts";
import { startMoto } from "../services/moto.ts";
import { startOpenBao } from "../services/openbao.ts";
import { pythonProgram } from "../services/python.ts";
import { startSecretManager } from "../services/secret-manager.ts";
import type { World } from "./world.ts";

/** A store that runs, how unsprawl is told of it, and a client of its own kind that reads it without unsprawl. */
export type EveryStore = {
  readonly config: { readonly [key: string]: unknown };
  readonly env: { readonly [name: string]: string };
  /** The real sops. */
  readonly sops: string;
  /** What the configuration says of the credential that the OCI runtime gets; files are written into `dir`. */
  readonly reader: (dir: string) => { readonly [key: string]: unknown };
  /** What is stored of a subject, by variable. */
  readBack(subject: string, names: readonly string[], world: World): Promise<{ readonly [name: string]: string }>;
  stop(): Promise<void>;
};

type Kind = {
  readonly provider: string;
  /** Bytes that fit into one value. */
  readonly largest: number;
  readonly start: () => Promise<EveryStore>;
};

export const STORES: readonly Kind[] = [
  { provider: "vault", largest: 20 * 1024, start: vault },
  { provider: "aws-kms", largest: 20 * 1024, start: awsKms },
  { provider: "azure-key-vault", largest: 20 * 1024, start: azure },
  { provider: "gcp-secret-manager", largest: 20 * 1024, start: gcp },
  { provider: "keywhiz", largest: 20 * 1024, start: keywhiz },
  { provider: "aws-secrets-manager", largest: 20 * 1024, start: secretsManager },
  { provider: "aws-ssm", largest: 4000, start: ssm },
  { provider: "local", largest: 20 * 1024, start: local },
];

async function vault(): Promise<EveryStore> {
  const [bao, sops, client] = await Promise.all([startOpenBao(), pythonProgram("sops"), pythonProgram("bao")]);
  return {
    config: { address: bao.address },
    env: { VAULT_TOKEN: bao.token },
    sops,
    reader: () => ({}),
    async readBack(subject) {
      const env = { BAO_ADDR: bao.address, BAO_TOKEN: bao.token, HOME: bao.dir, PATH: process.env["PATH"] };
      const text = execFileSync(client, ["kv", "get", "-format=json", `secret/apps/${subject}`], {
        env,
        encoding: "utf8",
      });
      return (JSON.parse(text) as { data: { data: { [name: string]: string } } }).data.data;
    },
    stop: () => bao.stop(),
  };
}

async function local(): Promise<EveryStore> {
  const sops = await pythonProgram("sops");
  return {
    config: { file: "secrets/{subject}.sops.yaml" },
    env: {},
    sops,
    reader: () => ({}),
    readBack: async (subject, _names, world) => withSops(sops, subject, world),
    stop: async () => undefined,
  };
}

async function awsKms(): Promise<EveryStore> {
  const [moto, sops] = await Promise.all([sharedMoto(), pythonProgram("sops")]);
  const { KMSClient, CreateKeyCommand } = await import("@aws-sdk/client-kms");
  const made = await new KMSClient(options(moto)).send(new CreateKeyCommand({}));
  return {
    config: { keyId: made.KeyMetadata?.Arn ?? "", file: "secrets/{subject}.sops.yaml", context: { Role: "app" } },
    env: aws(moto),
    sops,
    reader: (dir) => awsReader(moto, dir),
    readBack: async (subject, _names, world) => withSops(sops, subject, world),
    stop: () => doneWithMoto(moto),
  };
}

async function secretsManager(): Promise<EveryStore> {
  const [moto, sops] = await Promise.all([sharedMoto(), pythonProgram("sops")]);
  const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  return {
    config: { prefix: "apps/" },
    env: aws(moto),
    sops,
    reader: (dir) => awsReader(moto, dir),
    async readBack(subject) {
      const command = new GetSecretValueCommand({ SecretId: `apps/${subject}`, VersionStage: "AWSCURRENT" });
      const found = await new SecretsManagerClient(options(moto)).send(command);
      return JSON.parse(found.SecretString ?? "{}") as { [name: string]: string };
    },
    stop: () => doneWithMoto(moto),
  };
}

async function ssm(): Promise<EveryStore> {
  const [moto, sops] = await Promise.all([sharedMoto(), pythonProgram("sops")]);
  const { SSMClient, GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient(options(moto));
  return {
    config: { prefix: "/apps/" },
    env: aws(moto),
    sops,
    reader: (dir) => awsReader(moto, dir),
    readBack: (subject, names) =>
      each(names, async (name) => {
        const command = new GetParameterCommand({ Name: `/apps/${subject}/${name}`, WithDecryption: true });
        const { Parameter } = await client.send(command);
        return Parameter?.Type === "SecureString" ? (Parameter.Value ?? "") : "not a SecureString";
      }),
    stop: () => doneWithMoto(moto),
  };
}

async function azure(): Promise<EveryStore> {
  const [double, sops] = await Promise.all([startKeyVault(), pythonProgram("sops")]);
  const [{ SecretClient }, { ClientSecretCredential }] = await Promise.all([
    import("@azure/keyvault-secrets"),
    import("@azure/identity"),
  ]);
  const { id, secret } = double.clients.writer;
  const tlsOptions = { ca: readFileSync(double.caFile, "utf8") };
  const credential = new ClientSecretCredential(double.tenant, id, secret, {
    authorityHost: double.authorityHost,
    tlsOptions,
  });
  const client = new SecretClient(double.url, credential, { disableChallengeResourceVerification: true, tlsOptions });
  return {
    config: { url: double.url, challengeResourceVerification: false, caFile: double.caFile },
    env: double.env("writer"),
    sops,
    reader: (dir) => {
      const { id: clientId, secret: text } = double.clients.reader;
      writeFileSync(join(dir, "client-secret"), text, { mode: 0o600 });
      const { tenant: tenantId, authorityHost } = double;
      return { reader: { tenantId, clientId, clientSecretFile: join(dir, "client-secret"), authorityHost } };
    },
    readBack: (subject, names) =>
      each(names, async (name) => (await client.getSecret(`${subject}-${name.replaceAll("_", "-")}`)).value ?? ""),
    stop: () => double.stop(),
  };
}

async function gcp(): Promise<EveryStore> {
  const [double, sops] = await Promise.all([startSecretManager(), pythonProgram("sops")]);
  return {
    config: { projectId: double.projectId, endpoint: double.url },
    env: { GOOGLE_APPLICATION_CREDENTIALS: double.keyFile("writer") },
    sops,
    reader: () => ({ reader: { method: "file", credentialsFile: double.keyFile("reader") } }),
    async readBack(subject, names) {
      const { read } = await googleClient(
        double.env("reader"),
        names.map((name) => `${subject}--${name}`),
      );
      return Object.fromEntries(names.map((name) => [name, read[`${subject}--${name}`] ?? ""]));
    },
    stop: () => double.stop(),
  };
}

async function keywhiz(): Promise<EveryStore> {
  const [double, sops] = await Promise.all([startKeywhiz({ groups: ["every"] }), pythonProgram("sops")]);
  const { certFile, keyFile } = double.clients.automation;
  return {
    config: { url: double.url, certFile, keyFile, caFile: double.caFile, groups: ["every"] },
    env: {},
    sops,
    reader: () => {
      const client = double.clients.application;
      return { reader: { certFile: client.certFile, keyFile: client.keyFile } };
    },
    async readBack(subject, names) {
      const secrets = names.map((name) => `${subject}.${name}`);
      const text = await post(`${double.url}/automation/v2/secrets/request/contents`, { secrets }, double);
      const { successSecrets } = JSON.parse(text) as { successSecrets: { [name: string]: string } };
      return Object.fromEntries(
        names.map((name) => [name, Buffer.from(successSecrets[`${subject}.${name}`] ?? "", "base64").toString("utf8")]),
      );
    },
    stop: () => double.stop(),
  };
}

function withSops(sops: string, subject: string, world: World): { readonly [name: string]: string } {
  const file = join(world.dir, `secrets/${subject}.sops.yaml`);
  const text = execFileSync(sops, ["decrypt", "--output-type", "json", file], { env: world.env, encoding: "utf8" });
  return JSON.parse(text) as { [name: string]: string };
}

async function each(
  names: readonly string[],
  read: (name: string) => Promise<string>,
): Promise<{ readonly [name: string]: string }> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}

type Moto = Awaited<ReturnType<typeof startMoto>>;

/** One for the stores of AWS: each asks another service of it. The last that is done with it ends it. */
let moto: Promise<Moto> | null = null;
let users = 0;

function sharedMoto(): Promise<Moto> {
  users++;
  return (moto ??= startMoto());
}

async function doneWithMoto(running: Moto): Promise<void> {
  if (--users > 0) return;
  moto = null;
  await running.stop();
}

function aws({ env }: Moto): { readonly [name: string]: string } {
  const { HOME: _, ...rest } = env;
  return rest;
}

function awsReader({ env }: Moto, dir: string): { readonly [key: string]: unknown } {
  const [id, secret] = [join(dir, "access-key-id"), join(dir, "secret-access-key")];
  writeFileSync(id, env["AWS_ACCESS_KEY_ID"] ?? "", { mode: 0o600 });
  writeFileSync(secret, env["AWS_SECRET_ACCESS_KEY"] ?? "", { mode: 0o600 });
  return { reader: { accessKeyIdFile: id, secretAccessKeyFile: secret } };
}

function options({ url, region, env }: Moto) {
  const credentials = {
    accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  return { endpoint: url, region, credentials };
}

type Keywhiz = Awaited<ReturnType<typeof startKeywhiz>>;

function post(url: string, body: object, { caFile, clients }: Keywhiz): Promise<string> {
  const { certFile, keyFile } = clients.automation;
  const tls = {
    ca: readFileSync(caFile),
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    agent: false,
  } as const;
  return new Promise((done, fail) => {
    const sent = request(url, { method: "POST", headers: { "content-type": "application/json" }, ...tls }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done(text));
    });
    sent.on("error", fail).end(JSON.stringify(body));
  });
}
