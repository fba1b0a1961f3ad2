import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { AgentOptions } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { withBackoff, retryAfterMs, type Attempt } from "../../kit/net/backoff.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { RegistryEndpoint } from "./hosts.ts";
import { connectionError, isTransient, tooLong } from "./http-errors.ts";
import { redirected } from "./redirect.ts";

export type HttpRequest = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: { readonly [name: string]: string };
  /** Sent to the origin of `url` only, and never after a redirect to another. */
  readonly authorization?: string | null;
  /** A stream is sent once: such a request is not tried again. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** False hands a redirect back as the answer. */
  readonly follow?: boolean;
  /** True for a question that is asked once, whatever comes. */
  readonly once?: boolean;
};

export type ResponseHead = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly url: URL };
export type StreamedResponse = ResponseHead & { readonly stream: IncomingMessage };
export type BufferedResponse = ResponseHead & { readonly bytes: Buffer };

const SOCKETS = 12;
const TRIES = 4;
const PAUSES = { firstMs: 250, longestMs: 2000 };
/** Milliseconds: without any byte, for a whole small document, and the most that a server may ask us to wait. */
const SILENCE = 30_000;
const DOCUMENT = 120_000;
const LONGEST_WAIT = 90_000;
/** Bytes of an error's body that are read. */
const ERROR_LIMIT = 64 * 1024;

/** Everything that goes over the network to one registry: kept connections, redirects, retries, limits. */
export class RegistryConnection {
  readonly #endpoint: RegistryEndpoint;
  readonly #env: NodeJS.ProcessEnv;
  readonly #agents = new Map<string, Agent>();
  #notBefore = 0;
  /** Bytes of bodies so far. */
  bytesRead = 0;

  constructor(endpoint: RegistryEndpoint, env: NodeJS.ProcessEnv) {
    this.#endpoint = endpoint;
    this.#env = env;
  }

  /**
   * The whole answer, at most `limit` bytes of it. Asks again, with growing pauses, after a 5xx, a broken connection
   * and a 429 (for as long as it says). Throws `unreachable`, `throttled`, `malformed` (longer than the limit, or a
   * redirect that is not allowed).
   */
  async read(ask: HttpRequest, limit: number): Promise<BufferedResponse> {
    return this.#patiently(ask, async () => {
      const until = AbortSignal.any([ask.signal, AbortSignal.timeout(DOCUMENT)]);
      const { stream, ...head } = await this.#followed({ ...ask, signal: until });
      const most = head.status >= 400 ? ERROR_LIMIT : limit;
      if (Number(head.headers["content-length"] ?? 0) > most && ask.method !== "HEAD") {
        stream.destroy();
        if (head.status >= 400) return { ...head, bytes: Buffer.alloc(0) };
        throw tooLong(head.url, limit);
      }
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of stream) {
        length += (chunk as Buffer).length;
        this.bytesRead += (chunk as Buffer).length;
        if (length > most) {
          stream.destroy();
          if (head.status >= 400) return { ...head, bytes: Buffer.alloc(0) };
          throw tooLong(head.url, limit);
        }
        chunks.push(chunk as Buffer);
      }
      return { ...head, bytes: Buffer.concat(chunks, length) };
    });
  }

  /** The answer with its body still to be read by `chunks`; asks again only until the body begins. */
  async open(ask: HttpRequest): Promise<StreamedResponse> {
    return this.#patiently(ask, () => this.#followed(ask));
  }

  /** The body of an opened answer. Throws `unreachable` when it breaks off. */
  async *chunks(answer: StreamedResponse): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of answer.stream) {
        this.bytesRead += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      throw connectionError(error, answer.url, this.#endpoint);
    } finally {
      answer.stream.destroy();
    }
  }

  /** Lets idle connections go. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #patiently<T extends ResponseHead>(ask: HttpRequest, attempt: () => Promise<T>): Promise<T> {
    const again = ask.once !== true && (ask.body === undefined || ask.body instanceof Uint8Array);
    const once = async (): Promise<Attempt<T>> => {
      await this.#pause(ask.signal);
      try {
        const answer = await attempt();
        return answer.status === 429 || answer.status >= 500 ? this.#later(ask, answer) : { done: answer };
      } catch (error) {
        ask.signal.throwIfAborted();
        if (error instanceof UnsprawlError) throw error;
        const failure = connectionError(error, ask.url, this.#endpoint);
        if (!isTransient(error)) throw failure;
        return { askedMs: null, give: () => thrown(failure) };
      }
    };
    return withBackoff(once, {
      ...PAUSES,
      longestAskedMs: LONGEST_WAIT,
      attempts: again ? TRIES : 1,
      signal: ask.signal,
    });
  }

  /** An answer that asks for another attempt. One that is told to wait speaks for all that ask the same host. */
  #later<T extends ResponseHead>(ask: HttpRequest, answer: T): Attempt<T> {
    const busy = answer.status === 429;
    const askedMs = retryAfterMs(answer.headers["retry-after"]);
    const drop = (): void => {
      if ("stream" in answer) (answer as unknown as StreamedResponse).stream.destroy();
    };
    return {
      askedMs,
      give: () => {
        if (!busy) return answer;
        drop();
        throw throttled(ask.url, askedMs);
      },
      again: (pause) => {
        drop();
        if (busy) this.#notBefore = Math.max(this.#notBefore, Date.now() + pause);
      },
    };
  }

  async #pause(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const wait = this.#notBefore - Date.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
  }

  async #followed(ask: HttpRequest): Promise<StreamedResponse> {
    let { url, authorization = null } = ask;
    for (let hops = 0; ; hops++) {
      const answer = await this.#exchange({ ...ask, url, authorization });
      const next = ask.follow === false ? null : redirected(ask.method, answer, hops);
      if (next === null) return answer;
      answer.stream.resume();
      if (next.origin !== ask.url.origin) authorization = null;
      url = next;
    }
  }

  #exchange(ask: HttpRequest): Promise<StreamedResponse> {
    const { method, url, headers, authorization, body, signal } = ask;
    const secure = url.protocol === "https:";
    const { request } = process.getBuiltinModule(secure ? "node:https" : "node:http");
    return new Promise((done, fail) => {
      const sent = request(url, {
        method,
        agent: this.#agent(url),
        signal,
        headers: {
          ...headers,
          "user-agent": "unsprawl",
          "accept-encoding": "identity",
          ...(authorization ? { authorization } : {}),
          ...(body instanceof Uint8Array ? { "content-length": String(body.length) } : {}),
          ...(body === undefined && method !== "GET" && method !== "HEAD" ? { "content-length": "0" } : {}),
        },
      });
      sent.setTimeout(SILENCE, () => sent.destroy(Object.assign(new Error("silence"), { code: "ETIMEDOUT" })));
      sent.on("error", fail);
      sent.on("response", (stream) => done({ status: stream.statusCode ?? 0, headers: stream.headers, url, stream }));
      if (body === undefined || body instanceof Uint8Array) sent.end(body);
      else void pour(body, sent).catch(fail);
    });
  }

  /** The engine's certificates are for the registry itself; storage and token servers are checked by the system's. */
  #agent(url: URL): Agent {
    const kept = this.#agents.get(url.origin);
    if (kept) return kept;
    const mine = url.host === new URL(this.#endpoint.origin).host;
    const options: AgentOptions = {
      keepAlive: true,
      maxSockets: SOCKETS,
      // A loopback host is never asked through a proxy, as Go's clients have it.
      ...(mine && this.#endpoint.loopback ? {} : { proxyEnv: this.#env }),
    };
    const agent =
      url.protocol === "https:"
        ? new (process.getBuiltinModule("node:https").Agent)({
            ...options,
            ...tlsOptions(mine ? this.#endpoint : null),
          })
        : new (process.getBuiltinModule("node:http").Agent)(options);
    this.#agents.set(url.origin, agent);
    return agent;
  }
}

/** Node's own authorities, the system's, and those that the engine was given for this host. */
function tlsOptions(endpoint: RegistryEndpoint | null): AgentOptions {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  const { ca = [], cert, key } = endpoint?.tls ?? {};
  return {
    ca: [...getCACertificates("default"), ...getCACertificates("system"), ...ca],
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(endpoint?.unverified ? { rejectUnauthorized: false } : {}),
  };
}

async function pour(body: AsyncIterable<Uint8Array>, into: NodeJS.WritableStream): Promise<void> {
  const { pipeline } = await import("node:stream/promises");
  await pipeline(body, into);
}

function thrown(error: UnsprawlError): never {
  throw error;
}

function throttled(url: URL, asked: number | null): UnsprawlError {
  const wait = asked === null ? "" : ` for ${Math.ceil(asked / 1000)} s`;
  return new UnsprawlError(
    "throttled",
    `${url.host} says there were too many requests, and asks to wait${wait}`,
    "try again later; a login has a higher limit: docker login",
    "429",
    asked,
  );
}
