import { readFile } from "node:fs/promises";
import type { TokenCredential } from "@azure/identity";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { sovereignCloud } from "./clouds.ts";
import { azureConnectionError } from "./errors.ts";
import { environmentAuthority, type AzureSettings, type ClientSecret } from "./settings.ts";

/** Options that the SDK's clients share. */
export type TransportOptions = {
  readonly tlsOptions: { readonly ca?: string[]; readonly rejectUnauthorized: true };
  readonly retryOptions: { readonly maxRetries: number };
  readonly redirectOptions: { readonly maxRetries: 0 };
};

const PUBLIC_HOST = "https://login.microsoftonline.com";
const MICROSOFT = /^https:\/\/login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)$/;

/** A new credential: nothing is cached from one to the next. Throws only UnsprawlError. */
export async function credential(
  settings: AzureSettings,
  env: NodeJS.ProcessEnv,
  transport: TransportOptions,
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  const client = settings.auth === null ? fromEnvironment(env) : await fromFile(settings.auth);
  const cloud = sovereignCloud(settings.url);
  const set = client === null ? environmentAuthority(env) : client.authorityHost;
  const given = set ?? cloud?.authorityHost ?? (client === null ? null : PUBLIC_HOST);
  const authorityHost = given ?? PUBLIC_HOST;
  const options = {
    ...transport,
    // Without configuration the SDK looks itself, as it does for the rest of its default credential.
    ...(given === null ? {} : { authorityHost: given }),
    // Microsoft's login server does not know a private one, and there may be no way to ask it.
    disableInstanceDiscovery: !MICROSOFT.test(authorityHost),
    retryOptions: { maxRetries: 2, retryDelayInMs: 300 },
  };
  const guarded = async <T>(act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw loginError(error, settings, client, authorityHost);
    }
  };
  const inner = await guarded(() =>
    client === null
      ? new DefaultAzureCredential(options)
      : new ClientSecretCredential(client.tenantId, client.clientId, client.secret, options),
  );
  return { getToken: (scopes, more) => guarded(() => inner.getToken(scopes, more)) };
}

type Client = Omit<ClientSecret, "clientSecretFile"> & { readonly secret: string };

/** The app registration that the environment describes completely; otherwise the SDK looks for what there is. */
function fromEnvironment(env: NodeJS.ProcessEnv): Client | null {
  const {
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: secret,
    AZURE_TOKEN_CREDENTIALS: chosen,
  } = env;
  if (!tenantId || !clientId || !secret) return null;
  if (chosen && !/^(prod|environmentcredential)$/i.test(chosen.trim())) return null;
  return { tenantId, clientId, secret, authorityHost: environmentAuthority(env) };
}

async function fromFile({ clientSecretFile, ...rest }: ClientSecret): Promise<Client> {
  return { ...rest, secret: await readSecretFile(clientSecretFile) };
}

/** The client secret in a file. Throws `config` if it cannot be one. */
export async function readSecretFile(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw (error as { code?: unknown }).code === "ENOENT"
      ? new UnsprawlError("config", `there is no file ${file}`, "write the client secret there (0600)")
      : fileError(error, file);
  });
  const trimmed = text.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new UnsprawlError("config", `${file} holds no client secret`, "write it there again, alone on one line");
}

/** What Entra's codes of a refused login say is wrong. */
const REFUSED: { readonly [code: string]: "secret" | "expired" | "client" | "tenant" } = {
  AADSTS7000215: "secret",
  AADSTS7000218: "secret",
  AADSTS7000222: "expired",
  AADSTS700016: "client",
  AADSTS7000229: "client",
  AADSTS90002: "tenant",
  AADSTS900023: "tenant",
  AADSTS900021: "tenant",
};

/** Reduces a failed login. The SDK's text is searched for its code and not repeated. */
function loginError(
  error: unknown,
  settings: AzureSettings,
  client: Client | null,
  authorityHost: string,
): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const cloud = sovereignCloud(settings.url);
  const words = messages(error);
  const code = /AADSTS\d+/.exec(words)?.[0];
  const at = `the login server ${authorityHost}`;
  const own = settings.auth !== null;
  const denied = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("denied", `${at} ${why}`, hint, code ?? "AuthenticationError");
  const secret = settings.auth?.clientSecretFile ?? "AZURE_CLIENT_SECRET";
  const [id, tenant] = own ? ["auth.clientId", "auth.tenantId"] : ["AZURE_CLIENT_ID", "AZURE_TENANT_ID"];
  const reset = `az ad app credential reset --id ${client?.clientId ?? "<client id>"} creates a new one, for ${secret}`;
  const known = code === undefined ? undefined : REFUSED[code];
  if (known === "secret") return denied("says that the client secret is wrong", `check ${secret}; ${reset}`);
  if (known === "expired") return denied("says that the client secret has expired", reset);
  if (known === "client") return denied("knows no such client in this tenant", `check ${id} and ${tenant}`);
  if (known === "tenant") return denied("knows no such tenant", `check ${tenant}: az account show --query tenantId`);
  if (code !== undefined)
    return denied(`refuses (${code})`, `https://login.microsoftonline.com/error?code=${code.slice("AADSTS".length)}`);
  if (/not configured to acquire tokens for tenant/.test(words))
    return denied("would issue a token for another tenant than the vault's", `${tenant} must be the vault's tenant`);
  const network = networkCode(error);
  if (network !== null)
    return azureConnectionError(network, at, own ? "auth.authorityHost" : "AZURE_AUTHORITY_HOST", settings.caFile);
  if (client === null)
    return new UnsprawlError(
      "denied",
      "there is no credential for Azure here",
      cmd`${bare(cloud === null ? "az login" : cmd`az cloud set --name ${cloud.name}; az login`)}, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity`,
      "CredentialUnavailableError",
    );
  return denied("issues no token", `check ${id}, ${tenant}, ${secret} and AZURE_AUTHORITY_HOST`);
}

type CredentialErrorFields = {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
};

/** The error and its causes. */
function chain(error: unknown, depth = 0): readonly CredentialErrorFields[] {
  if (typeof error !== "object" || error === null || depth > 5) return [];
  const known = error as CredentialErrorFields;
  const parts = Array.isArray(known.errors) ? (known.errors as unknown[]) : [];
  return [known, ...[known.cause, ...parts].flatMap((one) => chain(one, depth + 1))];
}

function messages(error: unknown): string {
  return chain(error)
    .map(({ message }) => (typeof message === "string" ? message : ""))
    .join("\n");
}

/** The name of a failed connection behind a failed login; MSAL keeps it in its message alone. */
function networkCode(error: unknown): string | null {
  for (const { code, name, message } of chain(error)) {
    if (
      typeof code === "string" &&
      (/^(?:E[A-Z_]|UNABLE_|SELF_|REQUEST_)\w{0,80}$/.test(code) || code.includes("CERT"))
    )
      return code;
    if (name === "AbortError") return "ETIMEDOUT";
    if (typeof message === "string" && /endpoints_resolution_error|network_error/.test(message)) return "ENDPOINTS";
  }
  return null;
}
