import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/text/atomic-file.ts";
import { login, type Session } from "./auth.ts";
import { badToken, connectionError, missingRight, statusError } from "./errors.ts";
import type { Right } from "./policy.ts";
import type { VaultSettings } from "./settings.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Answer = { readonly status: number; readonly body: unknown; readonly errors: readonly string[] };

export type Request = {
  readonly json?: { readonly [key: string]: unknown };
  /** What a policy must give for this, named when it does not. */
  readonly needs: readonly Right[];
  /** Statuses beside success that the caller understands: handed back instead of thrown. */
  readonly expect?: readonly number[];
};

/** The API of one Vault: an answer, or an UnsprawlError that holds nothing of the request. */
export type VaultClient = {
  call(method: Method, path: string, request: Request): Promise<Answer>;
  /** Without a token, for health and login. */
  bare(method: Method, path: string, json?: { readonly [key: string]: unknown }): Promise<Answer>;
};

/** A connection, an answer and its body: all within this. */
const TIMEOUT_MS = 10_000;
const BACKOFF_MS = [250, 500, 1000, 2000];

/** Connects on the first call. `env` gives the token when the settings name no file. */
export function vaultClient(settings: VaultSettings, env: NodeJS.ProcessEnv): VaultClient {
  const { address, caCert } = settings;
  let connected: Promise<Send> | null = null;
  const send = async (...request: Parameters<Send>): Promise<Answer> => {
    connected ??= connect(settings);
    const sender = await connected;
    for (let attempt = 0; ; attempt++) {
      const answer = await sender(...request).catch((error: unknown) => {
        throw error instanceof UnsprawlError ? error : connectionError(error, address, caCert);
      });
      // A mount that was made a moment ago is not ready yet.
      const upgrading = answer.errors.some((text) => text.startsWith("Upgrading from non-versioned"));
      if (answer.status !== 429 && !upgrading) return answer;
      const wait = BACKOFF_MS[attempt];
      if (wait === undefined && upgrading) throw statusError(503, [], address);
      if (wait === undefined)
        throw new UnsprawlError(
          "throttled",
          `the Vault at ${address} asks to slow down`,
          "try again later, or raise its rate limit quota",
          "429",
        );
      await sleep(wait * (0.5 + Math.random()));
    }
  };
  const bare: VaultClient["bare"] = (method, path, json) => send(method, path, null, json);
  const session: Session = login(settings, env, (method, path, token, json) => send(method, path, token, json));
  return {
    bare,
    async call(method, path, { json, needs, expect = [] }) {
      let token = await session.token();
      let answer = await send(method, path, token, json);
      if (answer.status === 403 && !expect.includes(403) && (await session.isBad(token))) {
        const fresh = await session.renewed(token);
        if (fresh === null) throw badToken(address, settings.auth.method);
        token = fresh;
        answer = await send(method, path, token, json);
      }
      const { status, errors } = answer;
      if (status < 300 || expect.includes(status)) return answer;
      throw status === 403 ? missingRight(needs) : statusError(status, errors, address);
    },
  };
}

export type Send = (
  method: Method,
  path: string,
  token: string | null,
  json?: { readonly [key: string]: unknown },
) => Promise<Answer>;

async function connect({ address, caCert, namespace }: VaultSettings): Promise<Send> {
  const [{ default: nodeVault }, https, http] = await Promise.all([
    import("node-vault"),
    import("node:https"),
    import("node:http"),
  ]);
  const ca =
    caCert === null
      ? undefined
      : await readFile(caCert).catch((error: unknown) => {
          throw (error as { code?: unknown }).code === "ENOENT"
            ? new UnsprawlError("config", `there is no CA file ${caCert}`, "check caCert and VAULT_CACERT")
            : fileError(error, caCert);
        });
  const secure = address.startsWith("https:");
  const options = {
    timeout: TIMEOUT_MS,
    // The client's own defaults would take VAULT_SKIP_VERIFY and NODE_TLS_REJECT_UNAUTHORIZED into account.
    httpsAgent: new https.Agent({ rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }),
    // A redirect or a proxy must not take a token that was meant for TLS over plain HTTP.
    httpAgent: secure ? closedAgent(http) : new http.Agent(),
  };
  const vault = nodeVault({
    endpoint: address,
    debug: () => {},
    requestOptions: options,
    ...({ rpDefaults: { strictSSL: true } } as object),
  });
  // Set afterwards: where the options are empty, the client takes the variables of the process instead.
  Object.assign(vault, { namespace: namespace ?? "", pathPrefix: "", endpoint: address });
  return async (method, path, token, json) => {
    // Read by the client before it yields, so that parallel requests do not see each other's.
    vault.token = token ?? "";
    const request =
      method === "PATCH"
        ? vault.update(path, json)
        : vault.request({ ...options, path: `/${path}`, method, ...(json === undefined ? {} : { json }) });
    try {
      return { status: 200, body: await withDeadline(request), errors: [] };
    } catch (error) {
      const response = (error as { response?: { statusCode?: unknown; body?: unknown } } | null)?.response;
      if (typeof response?.statusCode !== "number") throw error;
      const { errors } = (response.body ?? {}) as { errors?: unknown };
      const texts = Array.isArray(errors)
        ? errors.filter((one) => typeof one === "string")
        : typeof response.body === "string"
          ? [response.body]
          : [];
      return { status: response.statusCode, body: response.body, errors: texts };
    }
  };
}

function closedAgent(http: typeof import("node:http")): import("node:http").Agent {
  const agent = new http.Agent();
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
