import { withBackoff, type Attempt } from "../../src/kit/net/backoff.ts";
import { HttpClient } from "../../src/kit/net/client.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { answerOf, GcpFailure, noAnswer, type GcpAnswer } from "./answer.ts";
import { failed, type GcpAct } from "./errors.ts";
import { gcpLogin, type GcpToken } from "./login.ts";
import type { GcpSettings } from "./settings.ts";

export type GcpCall = GcpAct & {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the project: `secrets/NAME`. */
  readonly path: string;
  readonly query?: { readonly [key: string]: string };
  readonly body?: object;
  /** Codes (google.rpc.Code) that the caller handles: returned instead of thrown. */
  readonly expect?: readonly string[];
  /** A failure after which the request may have been carried out is returned, not retried. */
  readonly once?: true;
};

/** The API of one project. Waits out throttling and short outages, and gets a new token in time. */
export type GcpClient = {
  call(call: GcpCall): Promise<GcpAnswer | GcpFailure>;
  /** Sends without a token, and throws only if there is no answer of the service. */
  reach(): Promise<void>;
  login(): Promise<void>;
};

/** One attempt: connection, answer, body. */
const ATTEMPT_MS = 10_000;
/** For one call, all waiting together. */
const PATIENCE = { firstMs: 250, longestMs: 8000, attempts: 7, withinMs: 30_000 };
/** A broken connection is retried this often. */
const BROKEN = 3;
const SOCKETS = 8;
/** Bytes of an answer: 25,000 secrets in a page, with their annotations. */
const LIMIT = 64 * 1024 * 1024;

/** Connects on the first call. */
export function gcpClient(
  settings: GcpSettings,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void = () => undefined,
): GcpClient {
  const login = gcpLogin(settings.auth, env);
  const http = new HttpClient({
    route: () => ({ reach: NAMED, proxy: env }),
    sockets: SOCKETS,
    wholeMs: ATTEMPT_MS,
  });
  const send = (call: GcpCall, token: GcpToken | null): Promise<GcpAnswer | GcpFailure> =>
    http.read(requestOf(call, token, settings), LIMIT).then(answerOf, noAnswer);

  return {
    async call(call) {
      const { once = false, expect = [], name } = call;
      let renewed = false;
      const attempt = async (attempts: number): Promise<Attempt<GcpAnswer | GcpFailure>> => {
        let token = await login.token();
        let answer = await send(call, token);
        if (answer instanceof GcpFailure && answer.status === 401 && !renewed) {
          renewed = true;
          token = await login.renewed(token);
          answer = await send(call, token);
        }
        if (!(answer instanceof GcpFailure)) return { done: answer };
        const failure = answer;
        if (expect.includes(failure.code) || (failure.unsure && once)) return { done: failure };
        const give = (): never => {
          throw failed(failure, call, settings);
        };
        const waiting = (wait: number): void => {
          if (wait >= 1000)
            say(
              `${settings.service ?? "Secret Manager"} is throttling requests: waiting ${Math.round(wait / 1000)} s for ${name ?? "it"}`,
            );
        };
        return passes(failure, attempts) ? { askedMs: failure.retryAfter, give, again: waiting } : give();
      };
      return withBackoff(attempt, PATIENCE);
    },
    async reach() {
      const ask = {
        permission: "secrets.list",
        name: null,
        method: "GET",
        path: "secrets",
      } as const;
      const answer = await send(ask, null);
      // The service refuses to answer nobody; what does not speak its language is another.
      const understood = answer instanceof GcpFailure && answer.code !== "" && [401, 403].includes(answer.status);
      if (answer instanceof GcpFailure && !understood) throw failed(answer, ask, settings);
    },
    async login() {
      await login.token();
    },
  };
}

function passes({ status, unsure }: GcpFailure, attempts: number): boolean {
  return status === 429 || (unsure && (status !== 0 || attempts < BROKEN));
}

function requestOf({ method, path, query = {}, body }: GcpCall, granted: GcpToken | null, settings: GcpSettings) {
  const url = new URL(`/v1/projects/${settings.projectId}/${path}`, settings.endpoint);
  url.search = new URLSearchParams(query).toString();
  const quota = granted?.quotaProject ?? null;
  return {
    ...{ method, url, authorization: granted === null ? null : `Bearer ${granted.token}` },
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(quota === null ? {} : { "x-goog-user-project": quota }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}
