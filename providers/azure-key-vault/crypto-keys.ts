import type { KeyFields, KeyService } from "../../src/contract/key-service.ts";
import type { ProviderContext } from "../../src/contract/provider.ts";
import type { JsonObject } from "../../src/kit/json-object.ts";
import { retryAfterMs, withBackoff } from "../../src/kit/net/backoff.ts";
import { authorities, HttpClient, type HttpRequest } from "../../src/kit/net/client.ts";
import { faultCode } from "../../src/kit/net/fault.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { trimEndOf } from "../../src/kit/text/trim.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { readFile } from "node:fs/promises";
import { vaultClient } from "./client.ts";
import { azureConnectionError } from "./errors.ts";
import { vaultName } from "./names.ts";
import { readSettings, type AzureSettings } from "./settings.ts";

const API_VERSION = "7.4";
const ATTEMPT_MS = 10_000;
const LIMIT = 65_536;
const PATIENCE = { firstMs: 250, longestMs: 8000, attempts: 5, withinMs: 30_000 };

/** Vaults of Azure's clouds: whoever names one of them names no server of his own. */
const AZURE = /^https:\/\/[a-z0-9-]{3,24}\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de)$/i;

/**
 * RSA keys of a Key Vault (REST), by this provider's login (getsops/sops azkv/keysource.go). A token is asked for a vault of Azure's, or
 * for the one that the environment names.
 */
export function cryptoKeys({ env, dir }: Pick<ProviderContext, "env" | "dir">): KeyService {
  const doorOf = doors(env, dir);
  return {
    async wrap(fields, dataKey) {
      const door = await doorOf(fields);
      const version = door.version || (await latest(door));
      const enc = resultIn(await door.ask("POST", `/${version}/encrypt`, operation(dataKey.toString("base64url"))));
      const { vault_url, name } = fields;
      return { vault_url, name, version, created_at: `${new Date().toISOString().slice(0, 19)}Z`, enc };
    },
    async unwrap(fields) {
      const door = await doorOf(fields);
      const enc = typeof fields["enc"] === "string" ? fields["enc"] : "";
      return Buffer.from(resultIn(await door.ask("POST", `/${door.version}/decrypt`, operation(enc))), "base64url");
    },
  };
}

/** One key of a vault, with a token for it. */
type KeyDoor = {
  readonly version: string;
  ask(method: "GET" | "POST", path: string, body?: object): Promise<JsonObject>;
};

function doors(env: NodeJS.ProcessEnv, dir: string): (fields: KeyFields) => Promise<KeyDoor> {
  const tokens = new Map<string, Promise<string>>();
  return async ({ vault_url, name, version = "" }) => {
    const isName = typeof name === "string" && /^[0-9a-zA-Z-]{1,127}$/.test(name);
    if (typeof vault_url !== "string" || !isName || typeof version !== "string" || !/^\w{0,64}$/.test(version))
      throw new UnsprawlError("malformed", "a key of a Key Vault is not named as one", "sops updatekeys");
    const settings = settingsOf(trimEndOf(vault_url, "/"), env, dir);
    const { url } = settings;
    const token =
      tokens.get(url) ??
      (async () => {
        const client = vaultClient(settings, env);
        return client.login(await client.challenge());
      })();
    tokens.set(url, token);
    token.catch(() => tokens.delete(url));
    const ca = settings.caFile === null ? [] : [await readFile(settings.caFile, "utf8")];
    const http = new HttpClient({
      route: () => ({ reach: NAMED, proxy: env, tls: { ca: authorities(ca) } }),
      ...{ sockets: 0, wholeMs: ATTEMPT_MS },
    });
    return {
      version,
      async ask(method, path, body) {
        const target = new URL(`/keys/${name}${path}?api-version=${API_VERSION}`, url);
        const authorization = `Bearer ${await token}`;
        const json = body === undefined ? {} : { body: JSON.stringify(body) };
        const headers = { accept: "application/json", "content-type": "application/json" };
        return send(http, { method, url: target, authorization, headers, ...json }, settings, `${name}${path}`);
      },
    };
  };
}

function settingsOf(vault: string, env: NodeJS.ProcessEnv, dir: string): AzureSettings {
  const own = [env["AZURE_KEYVAULT_URL"], env["AZURE_KEY_VAULT_URL"]].some(
    (one) => one !== undefined && URL.parse(one)?.origin === vault,
  );
  if (own || AZURE.test(vault))
    return readSettings({ url: vault, ...(own ? { challengeResourceVerification: false } : {}) }, { env, dir });
  throw new UnsprawlError(
    "denied",
    `the key is in the Key Vault at ${vault}, which is not one of Azure's`,
    cmd`export AZURE_KEYVAULT_URL=${vault}, if you trust it with your login`,
  );
}

function operation(value: string): object {
  return { alg: "RSA-OAEP-256", value };
}

async function latest(door: KeyDoor): Promise<string> {
  const { key } = await door.ask("GET", "");
  const [, version] = /\/keys\/[^/]+\/(\w+)$/.exec(String((key as { kid?: unknown } | undefined)?.kid)) ?? [];
  if (version !== undefined) return version;
  throw new UnsprawlError("malformed", "the Key Vault does not say which version its key has", "name one");
}

function resultIn({ value }: JsonObject): string {
  if (typeof value === "string") return value;
  throw new UnsprawlError("malformed", "the Key Vault gave no key", "try again");
}

async function send(
  http: HttpClient,
  request: HttpRequest,
  settings: AzureSettings,
  what: string,
): Promise<JsonObject> {
  const at = `the Key Vault at ${settings.url}`;
  return withBackoff(async () => {
    const { status, headers, bytes } = await http.read(request, LIMIT).catch((error: unknown) => {
      throw azureConnectionError(faultCode(error) || "Error", at, "url", settings.caFile);
    });
    if (status < 300) return { done: JSON.parse(bytes.toString("utf8")) as JsonObject };
    const give = (): never => {
      throw keyRefused(status, at, what, settings);
    };
    return status === 429 || status >= 500 ? { askedMs: retryAfterMs(headers["retry-after"]), give } : give();
  }, PATIENCE);
}

function keyRefused(status: number, at: string, what: string, { url }: AzureSettings): UnsprawlError {
  const vault = vaultName(url);
  if (status === 401 || status === 403)
    return new UnsprawlError(
      "denied",
      `${at} does not allow keys/${what}`,
      cmd`az role assignment create --role ${"Key Vault Crypto User"} --assignee "<principal>" --scope "$(az keyvault show --name ${vault} --query id -o tsv)"`,
      String(status),
    );
  if (status === 404)
    return new UnsprawlError(
      "config",
      `${at} has no keys/${what}`,
      cmd`az keyvault key list --vault-name ${vault}`,
      "404",
    );
  if (status === 429) return new UnsprawlError("throttled", `${at} asks to slow down`, "try again later", "429");
  if (status >= 500) return new UnsprawlError("unreachable", `${at} cannot answer now`, "try again later", `${status}`);
  return new UnsprawlError(
    "malformed",
    `${at} refuses keys/${what}: the wrapped key was changed, or the key is not RSA`,
    cmd`az keyvault key show --vault-name ${vault} --name ${what.split("/", 1)[0] ?? ""}`,
    String(status),
  );
}
