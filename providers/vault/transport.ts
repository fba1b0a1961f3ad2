import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { retryAfterMs } from "../../src/kit/net/backoff.ts";
import { HttpClient, type ResponseHead } from "../../src/kit/net/client.ts";
import { partyAt } from "../../src/kit/net/outgoing.ts";
import { cmd } from "../../src/kit/shell.ts";
import { parseExact, stringifyExact } from "../../src/kit/text/exact-json.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { statusError } from "./errors.ts";
import type { VaultSettings } from "./settings.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type VaultResponse = {
  readonly status: number;
  readonly body: unknown;
  readonly errors: readonly string[];
};
export type VaultSend = (
  method: Method,
  path: string,
  token: string | null,
  json?: { readonly [key: string]: unknown },
) => Promise<VaultResponse>;

export type VaultTransport = {
  readonly send: VaultSend;
  /** The delay in milliseconds that the server last asked for; 0 if none. */
  readonly retryAfter: () => number;
};

/** A connection, a response and its body: all within this time. */
const TIMEOUT_MS = 10_000;
/** Bytes of a response: more than any list of names. */
const LIMIT = 64 * 1024 * 1024;
const MOST_HOPS = 5;
/**
 * Paths that only exist in the root namespace. Source: https://developer.hashicorp.com/vault/docs/enterprise/namespaces,
 * "Root-only API paths".
 */
const OF_ROOT: ReadonlySet<string> = new Set(["sys/health"]);

/**
 * node-vault over our client. A proxy of HTTPS_PROXY sees a tunnel (CONNECT) and nothing in it; plain HTTP goes through
 * none. Throws `config` for unusable certificates, and what the client throws if a request fails.
 */
export async function connect(settings: VaultSettings, env: NodeJS.ProcessEnv): Promise<VaultTransport> {
  const { address, namespace } = settings;
  const { default: nodeVault } = await import("node-vault");
  const secure = address.startsWith("https:");
  const tls = secure ? await certificates(settings) : {};
  // A standby names the active server.
  const party = partyAt(new URL(address));
  const client = new HttpClient({
    route: (url) => ({ reach: party(url), proxy: secure ? env : null, tls }),
    sockets: 0,
    wholeMs: TIMEOUT_MS,
  });
  let leftAloneUntil = 0;
  let index: string | null = null;
  const ask = async ({ method, uri, headers, json }: NodeVaultRequest): Promise<NodeVaultResponse> => {
    const type = json === undefined ? {} : { "Content-Type": "application/json" };
    const follow = (head: ResponseHead, hops: number): URL | null => redirected(method, head, hops);
    const request = { method, url: new URL(uri), headers: { ...type, ...headers }, follow };
    const answer = await client.read(json === undefined ? request : { ...request, body: stringifyExact(json) }, LIMIT);
    if (!answer.whole && answer.status < 300) throw statusError(answer.status, [], address);
    // node-vault does not expose a response's headers.
    const asked = retryAfterMs(answer.headers["retry-after"]);
    if (asked !== null) leftAloneUntil = Date.now() + asked;
    const written = answer.headers["x-vault-index"];
    if (method !== "GET" && typeof written === "string") index = newerIndex(index, written);
    const body = parsed(answer.bytes.toString("utf8"));
    return { statusCode: answer.status, body, request: { path: answer.url.pathname } };
  };
  const vault = nodeVault({
    endpoint: address,
    debug: () => {},
    "request-promise": { defaults: () => ask },
  });
  // Set afterwards: if the options are empty, the client uses the process's variables instead.
  Object.assign(vault, { pathPrefix: "", endpoint: address });
  return {
    retryAfter: () => Math.max(0, leftAloneUntil - Date.now()),
    async send(method, path, token, json) {
      // Read by the client before it yields, so that parallel requests do not see each other's.
      Object.assign(vault, {
        token: token ?? "",
        namespace: OF_ROOT.has(path) ? "" : (namespace ?? ""),
      });
      const headers = {
        // HashiCorp's agents and proxies may require it: no web page can send it.
        "X-Vault-Request": "true",
        // A server of the cluster that has not seen our last write yet answers 412 instead of what was before.
        ...(index === null ? {} : { "X-Vault-Index": index }),
        ...(method === "PATCH" ? { "Content-Type": "application/merge-patch+json" } : {}),
      };
      const request = {
        path: `/${path}`,
        method,
        headers,
        ...(json === undefined ? {} : { json }),
      };
      try {
        return { status: 200, body: (await vault.request(request)) as unknown, errors: [] };
      } catch (error) {
        const response = (error as { response?: { statusCode?: unknown; body?: unknown } } | null)?.response;
        if (typeof response?.statusCode !== "number") throw error;
        return {
          status: response.statusCode,
          body: response.body,
          errors: errorsIn(response.body),
        };
      }
    },
  };
}

/**
 * The later of two states of a cluster's storage: answers to parallel writes arrive in any order. `b` if their text does not
 * show it (`{"cluster","value"}` of OpenBao, `v1:cluster:index:…` of HashiCorp, in base64).
 */
function newerIndex(a: string | null, b: string): string {
  const order = (text: string): number => {
    const [, bao, vault] = /"value":"(\d+)"|^v1:[^:]*:(\d+):/.exec(Buffer.from(text, "base64").toString("utf8")) ?? [];
    return Number(bao ?? vault ?? 0);
  };
  return a !== null && order(a) > order(b) ? a : b;
}

/** What node-vault passes to its transport, and expects from it. */
type NodeVaultRequest = {
  readonly method: Method;
  readonly uri: string;
  readonly headers: { readonly [name: string]: string };
  readonly json?: { readonly [key: string]: unknown };
};
type NodeVaultResponse = {
  readonly statusCode: number;
  readonly body: unknown;
  readonly request: { readonly path: string };
};

/** The server's CA, and the client certificate if that is our login. */
async function certificates({ caCert, auth }: VaultSettings): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const read = (file: string, keys: string): Promise<Buffer> =>
    readFile(file).catch((error: unknown) => {
      throw (error as { code?: unknown }).code === "ENOENT"
        ? new UnsprawlError("config", `there is no CA file ${file}`, cmd`check ${keys}`)
        : fileError(error, file);
    });
  const ca = caCert === null ? {} : { ca: await read(caCert, "caCert and VAULT_CACERT") };
  if (auth.method !== "cert") return ca;
  const pair = {
    cert: await read(auth.certFile, "auth.certFile"),
    key: await read(auth.keyFile, "auth.keyFile"),
  };
  try {
    createSecureContext(pair);
  } catch {
    throw new UnsprawlError(
      "config",
      `${auth.certFile} and ${auth.keyFile} are not a certificate and its key`,
      "both in PEM, the key without a passphrase",
    );
  }
  return { ...ca, ...pair };
}

/**
 * Where a standby redirects a request: the active server, which must see the token. Only TLS may follow TLS. Source:
 * https://developer.hashicorp.com/vault/docs/concepts/ha, client redirection.
 */
function redirected(method: Method, { status, headers, url }: ResponseHead, hops: number): URL | null {
  const { location } = headers;
  const repeats = status === 307 || status === 308 || (method === "GET" && [301, 302, 303].includes(status));
  if (!repeats || location === undefined || !URL.canParse(location, url.href)) return null;
  const next = new URL(location, url);
  if (hops >= MOST_HOPS || (next.protocol !== "https:" && (url.protocol === "https:" || next.protocol !== "http:")))
    throw Object.assign(new Error("redirect"), { code: "EPLAIN" });
  return next;
}

/** Text if it is not JSON: a proxy's page, or nothing. */
function parsed(text: string): unknown {
  try {
    // A number in a field of a secret is written back as it was.
    return parseExact(text);
  } catch {
    return text;
  }
}

function errorsIn(body: unknown): readonly string[] {
  const { errors } = (body ?? {}) as { errors?: unknown };
  if (Array.isArray(errors)) return errors.filter((one) => typeof one === "string");
  return typeof body === "string" ? [body] : [];
}
