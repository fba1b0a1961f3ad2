import { connect as plainConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { SEND_MS } from "../contract/channel.ts";
import { retryAfterMs } from "../kit/net/backoff.ts";
import { authorities } from "../kit/net/client.ts";
import { isLoopback, NAMED } from "../kit/net/outgoing.ts";
import { proxied, send, connectionFailure, type HttpResponse } from "../kit/net/http.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";
import { AGAIN, FIX, Undelivered, type Remedy } from "./undelivered.ts";
import type { ChannelSettingsReader } from "./settings.ts";

export type Post = {
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
};

export type PostOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly ca: string | undefined;
  /** The channel's name. */
  readonly name: string;
};

/**
 * One POST of JSON; returns the response if it is a 2xx. Throws `Undelivered`, whose text contains no more of the address
 * than the host.
 */
export async function post(
  { url, headers, body }: Post,
  { env, ca, name }: PostOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const wire = { reach: NAMED, timeoutMs: SEND_MS, env, plain: true, ...(ca !== undefined && { ca }) };
  const type = { "content-type": "application/json" };
  const answer = await send({ method: "POST", url, headers: { ...type, ...headers }, body }, wire, signal);
  const who = `${name} (${hostOf(url)})`;
  if ("none" in answer) throw new Undelivered("unreachable", AGAIN, `${who}: ${answer.none}`, `unsprawl doctor`);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw answered(answer, who);
}

/** `https://host:port`: the rest of a webhook's address is often its secret. */
export function hostOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

/** The text as a web address. Throws `config`, which does not quote it. */
export function addressOf(text: string, settings: ChannelSettingsReader, key: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:")) return url;
  throw settings.wrong(key, "is not a web address", `${key}: https://…`);
}

/** Warns if a credential would go to another machine in clear text. */
export function warnIfPlain(url: URL, name: string, warn: (text: string) => void): URL {
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    warn(`${name}: its credentials go to ${hostOf(url)} unencrypted; use TLS and an https address`);
  return url;
}

/** The secret parts of a webhook's address: not the host, which messages name. */
export function secretsInAddress(text: string): readonly string[] {
  const url = URL.parse(text);
  if (url === null) return [text];
  return [url.pathname + url.search, url.username, url.password].filter((part) => part.length > 1);
}

/** Connects, with TLS if the address asks for it, and hangs up: nothing is sent. Throws `unreachable`. */
export async function tryConnection(url: URL, { env, ca, name }: PostOptions, signal: AbortSignal): Promise<string> {
  const host = hostOf(url);
  if (proxied(env) && !isLoopback(url.hostname)) return `${host}, perhaps through the environment's proxy: not tried`;
  const secure = url.protocol === "https:";
  const to = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (secure ? 443 : 80) };
  const act = (over: AbortSignal): Promise<{ readonly done: true }> =>
    new Promise((done, fail) => {
      const socket = secure
        ? tlsConnect({ ...to, servername: serverName(to.host), rejectUnauthorized: true, ...trusted(ca) })
        : plainConnect(to);
      over.addEventListener("abort", () => socket.destroy(), { once: true });
      socket.once(secure ? "secureConnect" : "connect", () => done({ done: true })).once("error", fail);
    });
  let why: string;
  try {
    const found = await withTimeLimit(PROBE_MS, signal, act);
    if (typeof found !== "string") return secure ? `${host} answers, its certificate is trusted` : `${host} answers`;
    why = noAnswerText(found, PROBE_MS);
  } catch (error) {
    why = connectionFailure(error);
  }
  throw new Undelivered(
    "unreachable",
    AGAIN,
    `${name} (${host}): ${why}`,
    "check its address, and caFile if the CA is yours",
  );
}

const PROBE_MS = 5000;

/** TLS does not carry IP addresses as server names (RFC 6066, 3). */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}

function trusted(ca: string | undefined): { ca?: string[] } {
  return ca === undefined ? {} : { ca: authorities([ca]) };
}

function answered({ status, retryAfter }: HttpResponse, who: string): Undelivered {
  const afterMs = retryAfterMs(retryAfter);
  const again: Remedy = { do: "again", afterMs };
  if (status === 429) return new Undelivered("throttled", again, `${who} asks to wait (429)`);
  if (status >= 500 || status === 408 || status === 425)
    return new Undelivered("unreachable", again, `${who} failed on its side (${status})`);
  if (status === 401 || status === 403 || status === 407)
    return new Undelivered("denied", FIX, `${who} does not accept it (${status})`, "check its address and its key");
  if (status === 404 || status === 410)
    return new Undelivered(
      "denied",
      FIX,
      `${who}: nothing is there (${status})`,
      "make a new webhook, or check its address",
    );
  if (status >= 300 && status < 400)
    return new Undelivered("malformed", FIX, `${who} redirects (${status}), which is not followed`, TARGET);
  if ([400, 413, 422].includes(status))
    return new Undelivered(
      "malformed",
      { do: "refused" },
      `${who} rejects what is sent (${status})`,
      "unsprawl doctor",
    );
  return new Undelivered("malformed", FIX, `${who} answers with ${status}`, "check its address");
}

const TARGET = "use the address that it redirects to";
