import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { AgentOptions } from "node:https";
import { permitted, type AddressPolicy } from "./outgoing.ts";

export type HttpRequest = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: { readonly [name: string]: string };
  /** Sent to the origin of `url` only, and never after a redirect to another. */
  readonly authorization?: string | null;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Returns the address to request next, or null to accept the response. Without it, redirects are not followed. */
  readonly follow?: (answer: ResponseHead, hops: number) => URL | null;
  /** For `read`: a body whose declared length exceeds the limit is not read at all. */
  readonly wholeOnly?: boolean;
};

export type ResponseHead = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly url: URL };
export type StreamedResponse = ResponseHead & { readonly stream: IncomingMessage };
/** `whole` is false if the body exceeds the limit: `bytes` is then cut there. */
export type BufferedResponse = ResponseHead & { readonly bytes: Buffer; readonly whole: boolean };

/** How one origin is reached. */
export type HttpRoute = {
  /** Which addresses it may lead to, by who named the origin. */
  readonly reach: AddressPolicy;
  /** The environment with HTTP(S)_PROXY and NO_PROXY; null: never use a proxy. */
  readonly proxy: NodeJS.ProcessEnv | null;
  /** `ca` replaces Node's own authorities (see `authorities`); `cert` and `key` are the client's certificate. */
  readonly tls?: Pick<AgentOptions, "ca" | "cert" | "key" | "secureContext" | "rejectUnauthorized">;
  /** For connections that do not use TCP. */
  readonly agent?: Agent;
  readonly socketPath?: string;
};

export type HttpClientOptions = {
  /** Called once for each origin. */
  readonly route: (url: URL) => HttpRoute;
  /** The maximum number of keep-alive connections per origin; 0: a new connection for each request. */
  readonly sockets: number;
  /** The longest silence in milliseconds, including while connecting. */
  readonly idleMs?: number;
  /** The time limit of a whole `read`, in milliseconds. */
  readonly wholeMs?: number;
};

type KeptRoute = HttpRoute & { readonly agent: Agent };

/** No byte arrived in time, or not the whole response. */
export class LateError extends Error {
  readonly code = "ETIMEDOUT";
}

/** The maximum number of bytes `read` takes from an error's body (status 400 and above). */
const ERROR_LIMIT = 65_536;

/**
 * The HTTP client behind every request that does not go through an SDK. Verifies certificates even if
 * NODE_TLS_REJECT_UNAUTHORIZED is 0, and leaves redirects to the caller. Throws Node's errors, whose messages may quote
 * the request: show only their codes (see `connectionFault`).
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #routes = new Map<string, KeptRoute>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** The response with at most `limit` bytes of its body, or 64 KiB of an error's. */
  async read(request: HttpRequest, limit = Infinity): Promise<BufferedResponse> {
    const { wholeMs } = this.#options;
    const late = new AbortController();
    const timer = wholeMs === undefined ? undefined : setTimeout(() => late.abort(new LateError("late")), wholeMs);
    const signal = AbortSignal.any([...(request.signal ? [request.signal] : []), late.signal]);
    try {
      const { stream, ...head } = await this.open({ ...request, signal });
      const most = head.status >= 400 ? Math.min(limit, ERROR_LIMIT) : limit;
      const declared = request.method === "HEAD" ? 0 : Number(head.headers["content-length"] ?? 0);
      if (request.wholeOnly !== true || declared <= most) return { ...head, ...(await collect(stream, most)) };
      stream.destroy();
      return { ...head, bytes: Buffer.alloc(0), whole: false };
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The response with an unread body. A caller that does not read it to the end must destroy it. */
  async open(request: HttpRequest): Promise<StreamedResponse> {
    let { url, authorization = null } = request;
    for (let hops = 0; ; hops++) {
      const answer = await this.#exchange({ ...request, url, authorization });
      let next: URL | null;
      try {
        next = request.follow?.(answer, hops) ?? null;
      } catch (error) {
        answer.stream.destroy();
        throw error;
      }
      if (next === null) return answer;
      answer.stream.resume();
      if (next.origin !== request.url.origin) authorization = null;
      url = next;
    }
  }

  /** Closes the connections. */
  close(): void {
    for (const { agent } of this.#routes.values()) agent.destroy();
    this.#routes.clear();
  }

  async #exchange({ method, url, headers, authorization, body, signal }: HttpRequest): Promise<StreamedResponse> {
    signal?.throwIfAborted();
    const { agent, socketPath, reach } = this.#routeTo(url);
    const guard = permitted(url.hostname, reach);
    const { idleMs } = this.#options;
    const { request } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
    return new Promise((done, fail) => {
      const sent = request(url, {
        method,
        agent,
        ...(socketPath !== undefined && { socketPath }),
        ...guard,
        // Also applies while a proxy sets up its tunnel.
        ...(idleMs !== undefined && { timeout: idleMs }),
        headers: {
          "user-agent": "unsprawl",
          "accept-encoding": "identity",
          ...headers,
          ...(authorization ? { authorization } : {}),
          ...lengthOf(method, body),
        },
      });
      // Node reports an aborted request only once it is connected, which may never happen.
      const stop = (): void => {
        fail(signal?.reason);
        sent.destroy();
      };
      signal?.addEventListener("abort", stop, { once: true });
      sent.on("close", () => signal?.removeEventListener("abort", stop));
      sent.on("timeout", () => sent.destroy(new LateError("idle")));
      sent.on("error", fail);
      sent.on("response", (stream) => done({ status: stream.statusCode ?? 0, headers: stream.headers, url, stream }));
      if (isWhole(body)) sent.end(body);
      else pour(body, sent).catch(fail);
    });
  }

  #routeTo(url: URL): KeptRoute {
    const known = this.#routes.get(url.origin);
    if (known !== undefined) return known;
    const route = this.#options.route(url);
    const kept = { ...route, agent: route.agent ?? this.#agent(url, route) };
    this.#routes.set(url.origin, kept);
    return kept;
  }

  #agent(url: URL, { proxy, tls }: HttpRoute): Agent {
    const { sockets } = this.#options;
    const options: AgentOptions = {
      ...(sockets > 0 && { keepAlive: true, maxSockets: sockets }),
      ...(proxy !== null && { proxyEnv: proxy }),
    };
    // Importing node:http would evaluate all its exports, one of which loads a WebSocket client.
    return url.protocol === "https:"
      ? new (process.getBuiltinModule("node:https").Agent)({ ...options, rejectUnauthorized: true, ...tls })
      : new (process.getBuiltinModule("node:http").Agent)(options);
  }
}

/** The certificate authorities of Node and of the system, and these in addition. */
export function authorities(more: readonly string[] = []): string[] {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...getCACertificates("default"), ...getCACertificates("system"), ...more];
}

async function collect(stream: IncomingMessage, limit: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop early destroys the stream.
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > limit) return { bytes: Buffer.concat(chunks, limit), whole: false };
  }
  return { bytes: Buffer.concat(chunks, length), whole: true };
}

function isWhole(body: HttpRequest["body"]): body is string | Uint8Array | undefined {
  return body === undefined || typeof body === "string" || body instanceof Uint8Array;
}

function lengthOf(method: HttpRequest["method"], body: HttpRequest["body"]): { readonly "content-length"?: string } {
  if (!isWhole(body) || (body === undefined && (method === "GET" || method === "HEAD"))) return {};
  return { "content-length": String(Buffer.byteLength(body ?? "")) };
}

async function pour(body: AsyncIterable<Uint8Array>, into: NodeJS.WritableStream): Promise<void> {
  const { pipeline } = await import("node:stream/promises");
  await pipeline(body, into);
}
