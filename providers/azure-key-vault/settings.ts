import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { flag, map, mayBeNull, oneOf, parse, says, text, type EntryValues } from "../../src/kit/schema/index.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { checkTemplate } from "./names.ts";

/** An app registration's secret, by the file that holds it. */
export type ClientSecret = {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecretFile: string;
  /** Where to log in; null for the cloud that the vault is in. */
  readonly authorityHost: string | null;
};

export type AzureSettings = {
  /** `https://team.vault.azure.net`, without a slash at its end. */
  readonly url: string;
  /** Template of the secret's name. */
  readonly name: string;
  /** Null: by the process's environment, as every tool with Azure's SDK. */
  readonly auth: ClientSecret | null;
  /** A CA to trust beside those that Node trusts. */
  readonly caFile: string | null;
  readonly verifyChallenge: boolean;
  readonly pinVersion: boolean;
  readonly recover: boolean;
  readonly reader: ClientSecret | null;
};

type AzureConfigValues = { readonly [key: string]: Json };

const CLIENT = {
  tenantId: mayBeNull("the tenant of the vault's directory: az account show --query tenantId", text()),
  clientId: mayBeNull("the app registration's client id: az ad sp list --display-name NAME", text()),
  clientSecretFile: mayBeNull("the file that holds the client secret", text()),
  authorityHost: mayBeNull(
    "where to log in; without it AZURE_AUTHORITY_HOST, or the cloud that the vault's host is in",
    text(),
  ),
};
const CLIENT_FORM = Object.keys(CLIENT).join(", ");

export const AZURE = {
  url: mayBeNull("https://NAME.vault.azure.net; without it AZURE_KEYVAULT_URL", text()),
  name: mayBeNull("the secret's name: {project--}{subject}-{name}", text()),
  auth: mayBeNull(
    "{ method: client-secret, tenantId, clientId, clientSecretFile, authorityHost } or { method: default }: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, a managed identity, az login",
    map(
      {
        method: mayBeNull(
          "client-secret or default",
          oneOf(["client-secret", "default"], "is not one that unsprawl knows", "client-secret or default"),
        ),
        ...CLIENT,
      },
      `auth: { method, ${CLIENT_FORM} }`,
    ),
  ),
  caFile: mayBeNull(
    "the file of a private CA, trusted in addition to the public ones (default: NODE_EXTRA_CA_CERTS)",
    text(),
  ),
  challengeResourceVerification: mayBeNull(
    "false for a vault with a custom host name",
    flag(says("must be true or false", "without quotes: {key}: false")),
  ),
  pinVersion: mayBeNull("true writes the version into references where it is known", flag()),
  recover: mayBeNull("true recovers a soft-deleted secret that unsprawl did not write", flag()),
  reader: mayBeNull(
    "{ tenantId, clientId, clientSecretFile, authorityHost }: an identity that may only read, for the OCI runtime",
    map(CLIENT, `reader: { ${CLIENT_FORM} }`),
  ),
};

type ClientGiven = EntryValues<typeof CLIENT>;

/** The settings of a store: its keys first, then the ecosystem's variables. Throws `config`. */
export function readSettings(config: AzureConfigValues, { env, dir }: ProviderContext): AzureSettings {
  const given = parse(map(AZURE), config, "");
  const url = given.url ?? (env["AZURE_KEYVAULT_URL"] || env["AZURE_KEY_VAULT_URL"] || "");
  if (url === "")
    throw new UnsprawlError(
      "config",
      "the URL of the Key Vault is not set",
      "set AZURE_KEYVAULT_URL, or url in the store's configuration: https://NAME.vault.azure.net",
    );
  return {
    url: origin(url, "the url of the Key Vault", "https://NAME.vault.azure.net"),
    name: checkTemplate(given.name ?? "{project--}{subject}-{name}"),
    auth: readAuth(given.auth ?? null, env, dir),
    caFile: readCa(given.caFile ?? null, env, dir),
    verifyChallenge: given.challengeResourceVerification ?? true,
    pinVersion: given.pinVersion ?? false,
    recover: given.recover ?? false,
    reader: given.reader ? clientSecret(given.reader, "reader", env, dir) : null,
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: AzureSettings): AzureConfigValues {
  const { url, name, auth, caFile, verifyChallenge, pinVersion, recover, reader } = settings;
  return {
    url,
    name,
    ...(auth === null ? {} : { auth: { method: "client-secret", ...named(auth) } }),
    ...(caFile === null ? {} : { caFile }),
    ...(verifyChallenge ? {} : { challengeResourceVerification: false }),
    ...(pinVersion ? { pinVersion } : {}),
    ...(recover ? { recover } : {}),
    ...(reader === null ? {} : { reader: named(reader) }),
  };
}

/** An app registration's secret as configuration keys. */
export function named({ authorityHost, ...rest }: ClientSecret): AzureConfigValues {
  return authorityHost === null ? rest : { ...rest, authorityHost };
}

/** Where the environment says to log in; null if it does not. Throws `config`. */
export function environmentAuthority(env: NodeJS.ProcessEnv): string | null {
  const host = env["AZURE_AUTHORITY_HOST"] || null;
  return host === null ? null : origin(host, "AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com");
}

function readAuth(
  given: (ClientGiven & { readonly method?: string | null | undefined }) | null,
  env: NodeJS.ProcessEnv,
  dir: string,
): ClientSecret | null {
  if (given === null) return null;
  const { method, ...auth } = given;
  if (method === "client-secret") {
    const client = clientSecret(auth, "auth", env, dir);
    if (existsSync(client.clientSecretFile)) return client;
    throw new UnsprawlError(
      "config",
      `auth.clientSecretFile: there is no file ${client.clientSecretFile}`,
      "write the client secret there (0600), or name another",
    );
  }
  const [other] = Object.keys(auth);
  if (other !== undefined)
    throw new UnsprawlError("config", `auth.${other} goes with another method`, "auth: { method: client-secret, … }");
  return null;
}

function clientSecret(from: ClientGiven, at: string, env: NodeJS.ProcessEnv, dir: string): ClientSecret {
  const need = (key: keyof ClientGiven, what: string): string => {
    const value = from[key] ?? null;
    if (value === null) throw new UnsprawlError("config", `${at}.${key} is missing`, what);
    return value;
  };
  const host = from.authorityHost ?? null;
  return {
    tenantId: need("tenantId", "the tenant of the vault's directory: az account show --query tenantId"),
    clientId: need("clientId", "the app registration's client id: az ad sp list --display-name NAME"),
    clientSecretFile: resolve(dir, need("clientSecretFile", "name the file that holds the client secret")),
    authorityHost:
      host === null
        ? environmentAuthority(env)
        : origin(host, `${at}.authorityHost`, "https://login.microsoftonline.com"),
  };
}

/** A variable that names no file is not worth stopping for: Node continues without it too. */
function readCa(given: string | null, env: NodeJS.ProcessEnv, dir: string): string | null {
  if (given !== null) return resolve(dir, given);
  const extra = env["NODE_EXTRA_CA_CERTS"];
  return extra && existsSync(resolve(dir, extra)) ? resolve(dir, extra) : null;
}

/** Scheme, host and port, TLS only. */
function origin(address: string, what: string, form: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `${what} ${why}`, cmd`the form is ${bare(form)}`);
  const url = URL.parse(address);
  if (url === null) throw bad("is not a URL");
  if (url.protocol !== "https:") throw bad("must begin with https://");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "" || url.pathname !== "/")
    throw bad("holds more than a host");
  return url.origin;
}
