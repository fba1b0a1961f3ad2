import { createPrivateKey, sign, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { homeOf } from "../kit/home.ts";
import { fileError } from "../kit/io/error.ts";
import { objectIn, type JsonObject } from "../kit/json-object.ts";
import { isLoopback } from "../kit/net/outgoing.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";

/** Where the login comes from: a credentials file, a file with a token, or what Google's tools find (ADC). */
export type GcpAuth =
  | { readonly method: "file"; readonly credentialsFile: string }
  | { readonly method: "token"; readonly tokenFile: string }
  | { readonly method: "default" };

/** A login, as it stands in a file or on the machine. `from` names it in messages. */
export type GcpCredential =
  | {
      readonly kind: "service_account";
      readonly from: string;
      readonly email: string;
      readonly keyId: string;
      readonly privateKey: string;
      readonly tokenUrl: URL;
    }
  | {
      readonly kind: "authorized_user";
      readonly from: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
      readonly tokenUrl: URL;
      /** Whose quota a person's requests count against. */
      readonly quotaProject: string | null;
    }
  | { readonly kind: "token"; readonly from: string; readonly token: string }
  | { readonly kind: "machine"; readonly from: string; readonly account: URL };

const TOKEN_URL = "https://oauth2.googleapis.com/token";
/** The machine's own account at its metadata server; `token` or `identity` follows. */
const ACCOUNT_PATH = "/computeMetadata/v1/instance/service-accounts/default/";

/**
 * Reads the login again: files change. Without one in the settings, in the order of Google's own libraries
 * (Application Default Credentials): GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, the machine's account.
 */
export async function readCredential(auth: GcpAuth, env: NodeJS.ProcessEnv): Promise<GcpCredential> {
  if (auth.method === "token") return { kind: "token", from: auth.tokenFile, token: await tokenIn(auth.tokenFile) };
  if (auth.method === "file") return inFile(auth.credentialsFile, await textOf(auth.credentialsFile));
  const named = env["GOOGLE_APPLICATION_CREDENTIALS"];
  if (named) return inFile(named, await textOf(named));
  const own = join(
    env["CLOUDSDK_CONFIG"] || join(homeOf(env), ".config/gcloud"),
    "application_default_credentials.json",
  );
  const found = await readFile(own, "utf8").catch((error: unknown) => {
    if ((error as { code?: unknown }).code === "ENOENT") return null;
    throw fileError(error, own);
  });
  if (found !== null) return inFile(own, found);
  const host = env["GCE_METADATA_HOST"] || "metadata.google.internal";
  const account = URL.parse(`http://${host}${ACCOUNT_PATH}`);
  if (account === null) throw new UnsprawlError("config", "GCE_METADATA_HOST is not a host", "unset GCE_METADATA_HOST");
  return { kind: "machine", from: `the metadata server ${account.host}`, account };
}

/** A JWT of a service account (RFC 7519, RS256). Throws `config` if its file holds no RSA key. */
export function signedJwt(
  { keyId, privateKey, from }: Extract<GcpCredential, { kind: "service_account" }>,
  claims: { readonly [name: string]: string | number },
): string {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT", kid: keyId })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), rsaKey(privateKey, from)).toString("base64url")}`;
}

function rsaKey(pem: string, from: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // Its message might quote the key.
  }
  throw new UnsprawlError(
    "config",
    `${from} holds no RSA key`,
    "gcloud iam service-accounts keys create writes such a file",
  );
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw (error as { code?: unknown }).code === "ENOENT"
      ? new UnsprawlError("config", `there is no file ${file}`, "write the Google Cloud credentials there (0600)")
      : fileError(error, file);
  });
}

async function tokenIn(file: string): Promise<string> {
  const token = (await textOf(file)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UnsprawlError("config", `${file} holds no access token`, cmd`gcloud auth print-access-token > ${file}`);
}

function inFile(file: string, text: string): GcpCredential {
  const json = objectIn(text);
  const broken = (what: string): UnsprawlError =>
    new UnsprawlError(
      "config",
      `${file} ${what}`,
      "gcloud iam service-accounts keys create, or gcloud auth application-default login, writes such a file",
    );
  if (json === null) throw broken("is not JSON");
  const need = (key: string): string => {
    const value = json[key];
    if (typeof value !== "string" || value === "") throw broken(`has no ${key}`);
    return value;
  };
  const kind = need("type");
  if (kind === "service_account")
    return {
      ...{ kind, from: file, email: need("client_email"), keyId: need("private_key_id") },
      ...{ privateKey: need("private_key"), tokenUrl: tokenUrlOf(json, broken) },
    };
  if (kind === "authorized_user")
    return {
      ...{ kind, from: file, clientId: need("client_id"), clientSecret: need("client_secret") },
      ...{ refreshToken: need("refresh_token"), tokenUrl: tokenUrlOf(json, broken) },
      quotaProject: json["quota_project_id"] === undefined ? null : need("quota_project_id"),
    };
  throw new UnsprawlError(
    "config",
    `${file} is a login of the kind ${/^\w{1,60}$/.test(kind) ? kind : "?"}, which unsprawl cannot use`,
    cmd`gcloud auth print-access-token > token, and auth: ${bare("{ method: token, tokenFile: token }")} in the store's configuration`,
  );
}

/** Where the login is sent: by TLS, or to this machine. */
function tokenUrlOf(json: JsonObject, broken: (what: string) => UnsprawlError): URL {
  const { token_uri: given = TOKEN_URL } = json;
  const url = typeof given === "string" ? URL.parse(given) : null;
  if (url === null || (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))))
    throw broken("has a token_uri that is not https://");
  return url;
}
