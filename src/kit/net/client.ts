import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { AgentOptions } from "node:https";

export type HttpRequest = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: { readonly [name: string]: string };
  /** Sent to the origin of `url` only, and never after a redirect to another. */
  readonly authorization?: string | null;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** The address that an answer redirects to, or null when it is the answer. Without this no redirect is followed. */
  readonly follow?: (answer: ResponseHead, hops: number) => URL | null;
  /** For `read`: nothing is read of a body whose declared length is over the limit. */
  readonly wholeOnly?: boolean;
};

export type ResponseHead = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly url: URL };
export type StreamedResponse = ResponseHead & { readonly stream: IncomingMessage };
/** `whole` is false when there was more of the body than the limit: `bytes` then ends there. */
export type BufferedResponse = ResponseHead & { readonly bytes: Buffer; readonly whole: boolean };

/** How one origin is reached. */
export type HttpRoute = {
  /** Where HTTP(S)_PROXY and NO_PROXY are read from; null: never through a proxy. */
  readonly proxy: NodeJS.ProcessEnv | null;
  /** `ca` replaces Node's own authorities (see `authorities`); `cert` and `key` are the client's certificate. */
  readonly tls?: Pick<AgentOptions, "ca" | "cert" | "key" | "secureContext" | "rejectUnauthorized">;
  /** Connections that are not over TCP. */
  readonly agent?: Agent;
  readonly socketPath?: string;
};

export type HttpClientOptions = {
  /** Called once for each origin. */
  readonly route: (url: URL) => HttpRoute;
  /** Connections to one origin, which are kept; 0: a new connection for each request. */
  readonly sockets: number;
  /** Milliseconds without any byte, while connecting and afterwards. */
  readonly idleMs?: number;
  /** Milliseconds for a whole `read`. */
  readonly wholeMs?: number;
};

type KeptRoute = HttpRoute & { readonly agent: Agent };

/** No byte, or not the whole answer, in time. */
export class LateError extends Error {
  readonly code = "ETIMEDOUT";
}

/** Bytes of the body of an error (status 400 and above) that `read` reads. */
const ERROR_LIMIT = 65_536;

/**
 * The HTTP client of everything that unsprawl asks by itself. Certificates are verified whatever the environment says
 * (NODE_TLS_REJECT_UNAUTHORIZED), and redirects are the caller's decision. Errors are Node's own, whose messages may
 * quote what was sent: show their codes only (see `connectionFault`).
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #routes = new Map<string, KeptRoute>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** The answer with at most `limit` bytes of its body, or 64 KiB of an error's. */
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

  /** The answer with its body still to be read; a caller that does not read it to its end destroys it. */
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

  /** Lets the connections go. */
  close(): void {
    for (const { agent } of this.#routes.values()) agent.destroy();
    this.#routes.clear();
  }

  async #exchange({ method, url, headers, authorization, body, signal }: HttpRequest): Promise<StreamedResponse> {
    signal?.throwIfAborted();
    const { agent, socketPath } = this.#routeTo(url);
    const { idleMs } = this.#options;
    const { request } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
    return new Promise((done, fail) => {
      const sent = request(url, {
        method,
        agent,
        ...(socketPath !== undefined && { socketPath }),
        // Of a proxy too, while it makes its tunnel.
        ...(idleMs !== undefined && { timeout: idleMs }),
        headers: {
          "user-agent": "unsprawl",
          "accept-encoding": "identity",
          ...headers,
          ...(authorization ? { authorization } : {}),
          ...lengthOf(method, body),
        },
      });
      // Node reports an aborted request only once there is a connection, which may never be.
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
    // An import of node:http would read all its exports, and one of them loads a WebSocket client.
    return url.protocol === "https:"
      ? new (process.getBuiltinModule("node:https").Agent)({ ...options, rejectUnauthorized: true, ...tls })
      : new (process.getBuiltinModule("node:http").Agent)(options);
  }
}

/** Node's own authorities, the system's, and these. */
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
