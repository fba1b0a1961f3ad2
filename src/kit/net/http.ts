import type { IncomingHttpHeaders } from "node:http";
import { authorities, HttpClient, LateError } from "./client.ts";
import { connectionFault, faultCode, type ConnectionFault } from "./fault.ts";
import { noAnswerText } from "./within.ts";
import { isLoopback, type AddressPolicy } from "./outgoing.ts";

/** The maximum number of bytes read from a body. */
const BODY = 65_536;

export type Sending = {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
};

export type HttpResponse = {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The first 64 KiB of the body. For parsing, never for display. */
  readonly text: string;
  /** False if the body was longer. */
  readonly whole: boolean;
  /** Set if the headers are those of an HTML page or of a proxy that requires a login. */
  readonly headed: "page" | "proxy" | null;
};

/** Why there was no answer, as a phrase that follows the vendor's name. */
export type NoAnswer = { readonly none: string };

export type HttpOptions = {
  /** Which addresses the host may have, by who named it. */
  readonly reach: AddressPolicy;
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  /** An additional trusted authority, in PEM. */
  readonly ca?: string;
  /** Allows plain HTTP, as decided by the caller. */
  readonly plain?: boolean;
};

/**
 * Sends one request, with TLS verification regardless of the environment, through the environment's proxy, following no
 * redirects. Never throws: a failure is explained in plain English, quoting nothing that was sent.
 */
export async function send(
  sending: Sending,
  { reach, timeoutMs, env, ca, plain = false }: HttpOptions,
  signal: AbortSignal,
): Promise<HttpResponse | NoAnswer> {
  const secure = sending.url.protocol === "https:";
  if (!secure && !plain && !isLoopback(sending.url.hostname)) return { none: "its address is not https" };
  if (proxied(env) && !canProxy(process.versions.node)) return { none: "Node before 24.5 cannot go through a proxy" };
  const tls = ca === undefined ? {} : { ca: authorities([ca]) };
  const client = new HttpClient({ route: () => ({ reach, proxy: env, tls }), sockets: 0, wholeMs: timeoutMs });
  try {
    const headers = { accept: "application/json", ...sending.headers };
    const answer = await client.read({ ...sending, headers, signal }, BODY);
    const { status, bytes, whole } = answer;
    const retryAfter = answer.headers["retry-after"] ?? null;
    return { status, retryAfter, text: bytes.toString("utf8"), whole, headed: headedAs(answer.headers) };
  } catch (error) {
    if (signal.aborted) return { none: noAnswerText("stopped", timeoutMs) };
    return { none: error instanceof LateError ? noAnswerText("late", timeoutMs) : connectionFailure(error) };
  } finally {
    client.close();
  }
}

/** Why a connection failed, by the error code only: messages may contain addresses with passwords. */
export function connectionFailure(error: unknown): string {
  const code = faultCode(error);
  return WORDS[connectionFault(code)] ?? (code === "" ? "no connection" : `no connection (${code})`);
}

const UNTRUSTED = "its certificate is not trusted here";
const BROKEN = "it closed the connection without an answer";
const WORDS: { readonly [fault in ConnectionFault]?: string } = {
  "unknown-name": "its host name is not known here",
  refused: "the connection is refused",
  unreachable: "it cannot be reached from here",
  late: "it cannot be reached from here",
  broken: BROKEN,
  "no-http": BROKEN,
  "other-name": UNTRUSTED,
  expired: UNTRUSTED,
  untrusted: UNTRUSTED,
  characters: "it holds characters that no request can carry",
  proxy: "the proxy does not let it through",
  forbidden: "its name leads to this machine or to its link, where nothing is sent",
};

function headedAs(headers: IncomingHttpHeaders): HttpResponse["headed"] {
  if (headers["proxy-authenticate"] !== undefined) return "proxy";
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(headers["content-type"] ?? "") ? "page" : null;
}

/** Whether the environment sets an HTTP proxy. */
export function proxied(env: NodeJS.ProcessEnv): boolean {
  return ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].some((name) => Boolean(env[name]));
}

/** Older versions ignore `proxyEnv` and would bypass the proxy. */
function canProxy(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5);
}
