import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, refusal, type Answer } from "./key-vault-answers.ts";
import type { FaultRule, Faults } from "./key-vault-faults.ts";
import { answerKey, type VaultKeys } from "./key-vault-keys.ts";
import type { Login } from "./key-vault-login.ts";
import { answerRequest } from "./key-vault-requests.ts";
import type { Secrets } from "./key-vault-secrets.ts";

/** A request that came in; never a value or a secret. `status` 0 is one whose connection ended before it was judged. */
export type Logged = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Whose token came with it. */
  readonly client: string | null;
  /** False where a fault kept the answer, or a part of it, from the caller. */
  readonly answered: boolean;
};

/** All that a request is judged by. */
export type Double = {
  readonly secrets: Secrets;
  readonly keys: VaultKeys;
  readonly login: Login;
  readonly faults: Faults;
  readonly log: Logged[];
};
type Received = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly url: URL };

/** Judges one request that came in over the wire, lets a fault strike it, and answers. */
export async function receive(
  double: Double,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const received = { request, response, url: new URL(request.url ?? "/", origin) };
  const body = await text(request).catch(() => null);
  // A request that broke off in its middle was never made.
  if (body === null) return note(double, received, 0, false);
  const rule = double.faults.take(matched(received));
  if (rule?.delay !== undefined) await sleep(rule.delay, undefined, { ref: false });
  if (rule?.fail === "reset") {
    note(double, received, 0, false);
    request.socket.destroy();
    return;
  }
  const answer = typeof rule?.fail === "object" ? throttled(rule.fail) : judge(double, received, body);
  note(double, received, answer.status, rule?.fail !== "lost" && rule?.fail !== "cut");
  send(response, answer, rule?.fail);
}

function matched({ request, url }: Received): Parameters<Faults["take"]>[0] {
  const anonymous = !isLogin(url) && request.headers.authorization === undefined;
  return { method: request.method ?? "", path: pathOf(url), anonymous };
}

/** Without the slash that the SDK leaves at the end where it asks for no version. */
function pathOf(url: URL): string {
  return url.pathname.replace(/\/+$/, "");
}

function isLogin(url: URL): boolean {
  return url.pathname.startsWith("/adfs/");
}

function judge({ secrets, keys, login }: Double, { request, url }: Received, body: string): Answer {
  const { method = "" } = request;
  const contentType = request.headers["content-type"];
  if (isLogin(url)) return login.answer({ method, path: pathOf(url), contentType, body });
  return answerOf(() => {
    const caller = login.caller(request.headers.authorization);
    return (
      answerKey(keys, caller.name, { method, url, body }) ??
      answerRequest(secrets, caller, { method, url, contentType, body })
    );
  });
}

function note({ log, login }: Double, { request, url }: Received, status: number, answered: boolean): void {
  const client = login.owner(request.headers.authorization)?.name ?? null;
  log.push({ method: request.method ?? "", path: pathOf(url), status, client, answered });
}

function throttled({ status, retryAfter }: { readonly status: 429 | 503; readonly retryAfter?: number }): Answer {
  const headers = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
  const reason =
    "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached";
  return status === 429
    ? refusal(429, "Throttled", reason, { headers }).answer
    : refusal(503, "ServiceUnavailable", "The service is unavailable.", { headers }).answer;
}

function send(response: ServerResponse, answer: Answer, fail: FaultRule["fail"]): void {
  const body = Buffer.from(answer.body === undefined ? "" : JSON.stringify(answer.body));
  if (fail === "lost") return void response.socket?.destroy();
  response.writeHead(answer.status, {
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": body.length,
    "x-ms-keyvault-region": "westeurope",
    "x-ms-request-id": randomUUID(),
    ...answer.headers,
  });
  if (fail !== "cut") return void response.end(body);
  response.write(body.subarray(0, body.length / 2), () => response.socket?.destroy());
}
