import { retryAfterMs } from "../../src/kit/net/backoff.ts";
import { subscribe } from "node:diagnostics_channel";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import type { VaultSettings } from "./settings.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type VaultResponse = { readonly status: number; readonly body: unknown; readonly errors: readonly string[] };
export type VaultSend = (
  method: Method,
  path: string,
  token: string | null,
  json?: { readonly [key: string]: unknown },
) => Promise<VaultResponse>;

export type VaultTransport = {
  readonly send: VaultSend;
  /** For how many milliseconds the server has last asked to be left alone; 0 when it has not. */
  readonly retryAfter: () => number;
};

/** A connection, an answer and its body: all within this. */
const TIMEOUT_MS = 10_000;

/** Until when a server wants to be left alone, by the agent that heard it: node-vault keeps an answer's headers to itself. */
const leftAlone = new WeakMap<object, number>();
let listening = false;

/**
 * node-vault with agents of our own. A proxy of HTTPS_PROXY sees a tunnel (CONNECT) and nothing in it; plain HTTP goes
 * through none. Throws `config` for certificates that cannot be used, and what the client throws when a request fails.
 */
export async function connect(settings: VaultSettings, env: NodeJS.ProcessEnv): Promise<VaultTransport> {
  const { address, namespace } = settings;
  listen();
  const [{ default: nodeVault }, https, http] = await Promise.all([
    import("node-vault"),
    import("node:https"),
    import("node:http"),
  ]);
  const secure = address.startsWith("https:");
  const agent = secure
    ? // The client's own defaults would take VAULT_SKIP_VERIFY and NODE_TLS_REJECT_UNAUTHORIZED into account.
      new https.Agent({ rejectUnauthorized: true, proxyEnv: proxyOf(env), ...(await certificates(settings)) })
    : new http.Agent({ proxyEnv: {} });
  const options = {
    timeout: TIMEOUT_MS,
    httpsAgent: secure ? agent : new https.Agent({ rejectUnauthorized: true, proxyEnv: {} }),
    // A redirect must not take a token that was meant for TLS over plain HTTP.
    httpAgent: secure ? closedAgent(http) : agent,
  };
  const vault = nodeVault({ endpoint: address, debug: () => {}, ...({ rpDefaults: { strictSSL: true } } as object) });
  // Set afterwards: where the options are empty, the client takes the variables of the process instead.
  Object.assign(vault, { namespace: namespace ?? "", pathPrefix: "", endpoint: address });
  return {
    retryAfter: () => Math.max(0, (leftAlone.get(agent) ?? 0) - Date.now()),
    async send(method, path, token, json) {
      // Read by the client before it yields, so that parallel requests do not see each other's.
      vault.token = token ?? "";
      const headers = {
        // Agents and proxies of HashiCorp may ask for it: no web page can send it.
        "X-Vault-Request": "true",
        ...(method === "PATCH" ? { "Content-Type": "application/merge-patch+json" } : {}),
      };
      const request = { ...options, path: `/${path}`, method, headers, ...(json === undefined ? {} : { json }) };
      try {
        return { status: 200, body: await withDeadline(vault.request(request)), errors: [] };
      } catch (error) {
        const response = (error as { response?: { statusCode?: unknown; body?: unknown } } | null)?.response;
        if (typeof response?.statusCode !== "number") throw error;
        return { status: response.statusCode, body: response.body, errors: errorsIn(response.body) };
      }
    },
  };
}

/** The server's CA, and the client's certificate where it is what lets us in. */
async function certificates({ caCert, auth }: VaultSettings): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const read = (file: string, keys: string): Promise<Buffer> =>
    readFile(file).catch((error: unknown) => {
      throw (error as { code?: unknown }).code === "ENOENT"
        ? new UnsprawlError("config", `there is no CA file ${file}`, cmd`check ${keys}`)
        : fileError(error, file);
    });
  const ca = caCert === null ? {} : { ca: await read(caCert, "caCert and VAULT_CACERT") };
  if (auth.method !== "cert") return ca;
  const pair = { cert: await read(auth.certFile, "auth.certFile"), key: await read(auth.keyFile, "auth.keyFile") };
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

function proxyOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]));
}

function listen(): void {
  if (listening) return;
  listening = true;
  subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as {
      request: { agent?: object };
      response: { headers: { [name: string]: unknown } };
    };
    const asked = response.headers["retry-after"];
    if (request.agent !== undefined && typeof asked === "string")
      leftAlone.set(request.agent, Date.now() + (retryAfterMs(asked) ?? 0));
  });
}

function errorsIn(body: unknown): readonly string[] {
  const { errors } = (body ?? {}) as { errors?: unknown };
  if (Array.isArray(errors)) return errors.filter((one) => typeof one === "string");
  return typeof body === "string" ? [body] : [];
}

function closedAgent(http: typeof import("node:http")): import("node:http").Agent {
  const agent = new http.Agent({ proxyEnv: {} });
  agent.createConnection = () => {
    throw Object.assign(new Error("plain HTTP"), { code: "EPLAIN" });
  };
  return agent;
}

/** The client's own timeout starts again with each byte; this one does not. */
async function withDeadline<T>(request: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(TIMEOUT_MS + 500, null, { signal: stop.signal }).then(() => {
    throw Object.assign(new Error("late"), { code: "ETIMEDOUT" });
  });
  late.catch(() => {});
  try {
    return await Promise.race([request, late]);
  } finally {
    stop.abort();
  }
}
