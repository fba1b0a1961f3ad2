import { readFile } from "node:fs/promises";
import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { resolve } from "node:path";
import { map, mayBeNull, oneOf, text, type EntryValues } from "../kit/schema/index.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Json } from "../model/json.ts";

/** How to reach and sign in to AWS, as far as the configuration or the environment says; null leaves it to the SDK. */
export type AwsSettings = {
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly profile: string | null;
  /** Keys in separate files: how the OCI runtime signs in. */
  readonly keyFiles: AwsKeyFiles | null;
};

type AwsKeyFiles = { readonly id: string; readonly secret: string; readonly token: string | null };

const AUTH_FORM = "{ method: keys, accessKeyIdFile, secretAccessKeyFile, sessionTokenFile }";
const ACCESS_KEY = mayBeNull("the file of the access key's id", text());
const SECRET_KEY = mayBeNull("the file of the secret access key", text());

/** The keys that all stores of AWS share. */
export const AWS = {
  region: mayBeNull("the region (default: AWS_REGION, or the profile's region)", text()),
  endpoint: mayBeNull("https://host of another endpoint; without it AWS_ENDPOINT_URL", text()),
  profile: mayBeNull("a profile of AWS's configuration files (default: AWS_PROFILE)", text()),
  auth: mayBeNull(
    `${AUTH_FORM}; without it what the SDK finds`,
    map(
      {
        method: mayBeNull("keys, or default: what the SDK finds", oneOf(["keys", "default"])),
        accessKeyIdFile: ACCESS_KEY,
        secretAccessKeyFile: SECRET_KEY,
        sessionTokenFile: mayBeNull("the file of a session's token", text()),
      },
      `auth: ${AUTH_FORM}`,
    ),
  ),
  reader: mayBeNull(
    "{ accessKeyIdFile, secretAccessKeyFile } of a user who may only read, for the OCI runtime; or { method: default }",
    map({
      method: mayBeNull("default: the machine's own role", oneOf(["keys", "default"])),
      accessKeyIdFile: ACCESS_KEY,
      secretAccessKeyFile: SECRET_KEY,
    }),
  ),
};

/** What was read with `AWS`. */
export type AwsGiven = EntryValues<typeof AWS>;

/** Reads the keys that all stores of AWS share. `service` as in AWS_ENDPOINT_URL_<SERVICE>. Throws `config`. */
export function readAws(given: AwsGiven, env: NodeJS.ProcessEnv, dir: string, service: string): AwsSettings {
  const endpoint = given.endpoint ?? env[`AWS_ENDPOINT_URL_${service}`] ?? env["AWS_ENDPOINT_URL"] ?? null;
  // Plans, journals and messages show it.
  if (endpoint !== null && /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(endpoint))
    throw new UnsprawlError(
      "config",
      "the AWS endpoint contains a login",
      "the form is https://host; keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  return {
    region: given.region ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? null,
    endpoint,
    profile: given.profile ?? null,
    keyFiles: keyFiles(given.auth, dir),
  };
}

/**
 * The options of a reference (`region=eu-west-1&version=3`, as in vals); null if they name another region than this store's:
 * it is another store's. Throws `unknown` for an option that is not `known`: without it, it would name another value.
 */
export function awsOptions(
  options: string | undefined,
  region: string | null,
  known: { readonly [name: string]: RegExp },
  unknown: UnsprawlError,
): ReadonlyMap<string, string> | null {
  const forms: { readonly [name: string]: RegExp } = { region: /^[a-z0-9-]{1,40}$/, ...known };
  const found = new Map<string, string>();
  for (const [name, text] of new URLSearchParams(options ?? "")) {
    if (!Object.hasOwn(forms, name) || forms[name]?.test(text) !== true || found.has(name)) throw unknown;
    found.set(name, text);
  }
  const named = found.get("region");
  return named === undefined || named === region ? found : null;
}

/** The AWS part of a store's target and a reader's configuration: no credential. */
export function publicAws({ region, endpoint, profile }: AwsSettings): { readonly [key: string]: Json } {
  return {
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(profile === null ? {} : { profile }),
  };
}

/**
 * The options for any client of the SDK. Keys in `env` win over the SDK's chain, which reads the process's environment.
 */
export async function clientOptions(settings: AwsSettings, env: NodeJS.ProcessEnv): Promise<ClientOptions> {
  const { region, endpoint, profile } = settings;
  const [http, https] = await Promise.all([import("node:http"), import("node:https")]);
  const credentials = credentialsOf(settings, env);
  // HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which the SDK itself ignores.
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
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
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
  readonly expiration?: Date;
};

function credentialsOf(
  { profile, keyFiles }: AwsSettings,
  env: NodeJS.ProcessEnv,
): NonNullable<ClientOptions["credentials"]> | null {
  if (keyFiles !== null) return () => keysOf(keyFiles);
  const [accessKeyId, secretAccessKey, sessionToken] = [
    env["AWS_ACCESS_KEY_ID"],
    env["AWS_SECRET_ACCESS_KEY"],
    env["AWS_SESSION_TOKEN"],
  ];
  if (profile !== null || !accessKeyId || !secretAccessKey) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** Ended already, so that the SDK asks again before each request: another program renews the files. */
async function keysOf({ id, secret, token }: AwsKeyFiles): Promise<AwsCredentials> {
  const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
    lineOf(id),
    lineOf(secret),
    token === null ? null : lineOf(token),
  ]);
  return {
    ...{ accessKeyId, secretAccessKey, expiration: new Date(0) },
    ...(sessionToken === null ? {} : { sessionToken }),
  };
}

async function lineOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new UnsprawlError("config", `cannot read ${file}`, "it should hold an AWS key; write it again (0600)");
  });
  if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
  throw new UnsprawlError("config", `${file} holds no AWS key`, "write it there again, alone on one line");
}

function keyFiles(auth: AwsGiven["auth"], dir: string): AwsSettings["keyFiles"] {
  if (auth === undefined || auth === null || auth.method === "default") return null;
  const { accessKeyIdFile, secretAccessKeyFile, sessionTokenFile } = auth;
  if (!accessKeyIdFile || !secretAccessKeyFile)
    throw new UnsprawlError(
      "config",
      "auth needs accessKeyIdFile and secretAccessKeyFile",
      cmd`auth: ${bare(AUTH_FORM)}`,
    );
  return {
    id: resolve(dir, accessKeyIdFile),
    secret: resolve(dir, secretAccessKeyFile),
    token: sessionTokenFile ? resolve(dir, sessionTokenFile) : null,
  };
}
