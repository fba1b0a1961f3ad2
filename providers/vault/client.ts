import { withBackoff } from "../../src/kit/net/backoff.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { openSession, type VaultSession } from "./auth.ts";
import type { LoginContext } from "./login.ts";
import { badToken, missingRight, refusesAll, statusError, vaultConnectionError } from "./errors.ts";
import type { PolicyRule } from "./policy.ts";
import type { VaultSettings } from "./settings.ts";
import { connect, type VaultResponse, type Method, type VaultSend, type VaultTransport } from "./transport.ts";

export type VaultRequest = {
  readonly json?: { readonly [key: string]: unknown };
  /** The right that a policy must grant for this, named if it does not. */
  readonly needs: readonly PolicyRule[];
  /** Statuses besides success that the caller handles: returned instead of thrown. */
  readonly expect?: readonly number[];
};

/** The API of one Vault: a response, or an UnsprawlError without anything from the request. */
export type VaultClient = {
  call(method: Method, path: string, request: VaultRequest): Promise<VaultResponse>;
  /** Without the login: for health, or with another token. */
  bare(
    method: Method,
    path: string,
    json?: { readonly [key: string]: unknown },
    token?: string,
  ): Promise<VaultResponse>;
  readonly loginEnds: VaultSession["endsAt"];
  /** After a 403 that a caller expected: throws `denied` if the token is bad, as opposed to a missing right. */
  mustBeKnown(): Promise<void>;
};

/** A server that asks for a longer pause is not waited for: the call fails as throttled. */
const PATIENCE = { firstMs: 250, longestMs: 2000, attempts: 5, withinMs: 20_000 };

/** Connects on the first call. The context's `env` provides the token if the settings name no file. */
export function vaultClient(settings: VaultSettings, context: LoginContext): VaultClient {
  const { address } = settings;
  const send = patient(settings, context.env);
  const session = openSession(settings, context, send);
  return {
    bare: (method, path, json, token) => send(method, path, token ?? null, json),
    loginEnds: () => session.endsAt(),
    async mustBeKnown() {
      const token = await session.token();
      if ((await session.isBad(token)) && (await session.renewed(token)) === null) throw badToken(address);
    },
    async call(method, path, { json, needs, expect = [] }) {
      let token = await session.token();
      let answer = await send(method, path, token, json);
      if (answer.status === 403 && !expect.includes(403) && (await session.isBad(token))) {
        const fresh = await session.renewed(token);
        if (fresh === null) throw badToken(address);
        token = fresh;
        answer = await send(method, path, token, json);
      }
      const { status, errors } = answer;
      if (status < 300 || expect.includes(status)) return answer;
      // OpenBao answers so, too, to what arrives while it takes away a token that has had its last use.
      if (status === 500 && (await session.isBad(token))) throw badToken(address);
      throw status === 403 ? missingRight(needs) : statusError(status, errors, address);
    },
  };
}

/** Sends, and sends again after a pause what the server has not begun with; and reads that it could not answer then. */
function patient(settings: VaultSettings, env: NodeJS.ProcessEnv): VaultSend {
  const { address, caCert } = settings;
  let connected: Promise<VaultTransport> | null = null;
  const fail = (error: unknown): never => {
    throw error instanceof UnsprawlError ? error : vaultConnectionError(error, address, caCert);
  };
  return async (...request) => {
    const connecting = (connected ??= connect(settings, env));
    connecting.catch(() => {
      connected = null;
    });
    const { send, retryAfter } = await connecting.catch(fail);
    return withBackoff(async () => {
      const answer = await send(...request).catch(fail);
      const { status, errors } = answer;
      // A mount that was created a moment ago is not ready yet.
      const upgrading = errors.some((text) => text.startsWith("Upgrading from non-versioned"));
      const away = status === 503 && request[0] === "GET" && !refusesAll(errors);
      // 412: it has not seen our last write, and has done nothing.
      if (status !== 429 && status !== 412 && !upgrading && !away) return { done: answer };
      const askedMs = retryAfter() || null;
      const give = (): never => {
        throw status === 429 ? slowDown(address, askedMs) : statusError(status === 412 ? 412 : 503, errors, address);
      };
      return { askedMs, give };
    }, PATIENCE);
  };
}

function slowDown(address: string, askedMs: number | null): UnsprawlError {
  const when = bare(askedMs === null ? "later" : cmd`in ${Math.ceil(askedMs / 1000)} s`);
  return new UnsprawlError(
    "throttled",
    `the Vault at ${address} asks to slow down`,
    cmd`try again ${when}, or raise its rate limit quota`,
    "429",
    askedMs,
  );
}
