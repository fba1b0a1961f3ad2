import { readFile } from "node:fs/promises";
import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { resolve } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import type { Json } from "../model/json.ts";

/** How to reach and sign in to AWS, as far as the configuration or the environment says; null leaves it to the SDK. */
export type AwsSettings = {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  /** Keys in files of their own: how the OCI runtime signs in. */
  readonly keyFiles: { readonly id: string; readonly secret: string; readonly token: string | null } | null;
};

type AwsConfigValues = { readonly [key: string]: Json };

export const AWS_KEYS = {
  region: "the region; without it AWS_REGION or the profile's own",
  endpoint: "https://host of another endpoint; without it AWS_ENDPOINT_URL",
  profile: "a profile of AWS's own configuration files; without it AWS_PROFILE",
  auth: "{ method: keys, accessKeyIdFile, secretAccessKeyFile, sessionTokenFile }; without it what the SDK finds",
  reader:
    "{ accessKeyIdFile, secretAccessKeyFile } of a user who may only read, for the OCI runtime; or { method: default }",
} as const;

/** Reads the keys that all stores of AWS share. `service` as in AWS_ENDPOINT_URL_<SERVICE>. Throws `config`. */
export function readAws(config: AwsConfigValues, env: NodeJS.ProcessEnv, dir: string, service: string): AwsSettings {
  return {
    region: awsSetting(config, "region") ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? null,
    endpoint: awsSetting(config, "endpoint") ?? env[`AWS_ENDPOINT_URL_${service}`] ?? env["AWS_ENDPOINT_URL"] ?? null,
    profile: awsSetting(config, "profile"),
    keyFiles: keyFiles(config["auth"], dir),
  };
}

/** What a store's target and a reader's configuration name of it: no credential. */
export function publicAws({ region, endpoint, profile }: AwsSettings): { readonly [key: string]: Json } {
  return {
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(profile === null ? {} : { profile }),
  };
}

/** The client options of any of the SDK's clients. Keys of `env` count before the SDK's own chain, which reads the process's. */
export async function clientOptions(settings: AwsSettings, env: NodeJS.ProcessEnv): Promise<ClientOptions> {
  const { region, endpoint, profile } = settings;
  const [credentials, http, https] = await Promise.all([
    credentialsOf(settings, env),
    import("node:http"),
    import("node:https"),
  ]);
  // HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which the SDK itself does not look at.
  const agent = { keepAlive: true, maxSockets: 50, proxyEnv: env };
  return {
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(profile === null ? {} : { profile }),
    ...(credentials === null ? {} : { credentials }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: 5000,
      throwOnRequestTimeout: true,
      httpAgent: new http.Agent(agent),
      httpsAgent: new https.Agent(agent),
    },
  };
}

export type ClientOptions = {
  readonly region?: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly credentials?: AwsCredentials;
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
    readonly httpAgent: HttpAgent;
    readonly httpsAgent: HttpsAgent;
  };
};
type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

async function credentialsOf(
  { profile, keyFiles }: AwsSettings,
  env: NodeJS.ProcessEnv,
): Promise<AwsCredentials | null> {
  if (keyFiles !== null) {
    const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
      lineOf(keyFiles.id),
      lineOf(keyFiles.secret),
      keyFiles.token === null ? null : lineOf(keyFiles.token),
    ]);
    return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) };
  }
  const [accessKeyId, secretAccessKey, sessionToken] = [
    env["AWS_ACCESS_KEY_ID"],
    env["AWS_SECRET_ACCESS_KEY"],
    env["AWS_SESSION_TOKEN"],
  ];
  if (profile !== null || !accessKeyId || !secretAccessKey) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

async function lineOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new UnsprawlError("config", `cannot read ${file}`, "it holds one of AWS's keys; write it again (0600)");
  });
  if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
  throw new UnsprawlError("config", `${file} holds no key of AWS`, "write it there again, alone in one line");
}

function keyFiles(auth: Json | undefined, dir: string): AwsSettings["keyFiles"] {
  if (auth === undefined || auth === null) return null;
  const given = mapOf(auth, "auth");
  const file = (key: string): string | null => {
    const name = awsSetting(given, key);
    return name === null ? null : resolve(dir, name);
  };
  if (awsSetting(given, "method") === "default") return null;
  const [id, secret] = [file("accessKeyIdFile"), file("secretAccessKeyFile")];
  if (id === null || secret === null)
    throw new UnsprawlError("config", "auth needs accessKeyIdFile and secretAccessKeyFile", AWS_KEYS.auth);
  return { id, secret, token: file("sessionTokenFile") };
}

export function mapOf(value: Json, what: string): AwsConfigValues {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as AwsConfigValues;
  throw new UnsprawlError("config", `${what} must be a map`, null);
}

/** Text of a configuration's key; null when it is not there. Throws `config` when it is anything else. */
export function awsSetting(config: AwsConfigValues, key: string): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError("config", `${key} must be text`, null);
}
