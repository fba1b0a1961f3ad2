import { setTimeout as sleep } from "node:timers/promises";
import { withBackoff, retryAfterMs, type Attempt } from "../../kit/net/backoff.ts";
import {
  authorities,
  HttpClient,
  type BufferedResponse,
  type HttpRequest,
  type HttpRoute,
  type ResponseHead,
  type StreamedResponse,
} from "../../kit/net/client.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { RegistryEndpoint } from "./hosts.ts";
import { connectionError, isTransient, tooLongError } from "./http-errors.ts";
import { FOREIGN, partyAt } from "../../kit/net/outgoing.ts";
import { redirectTarget } from "./redirect.ts";

export type RegistryExchange = Omit<HttpRequest, "follow" | "body" | "signal"> & {
  readonly signal: AbortSignal;
  /** A stream is sent once: such a request is not retried. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** False returns a redirect as the response. */
  readonly follow?: boolean;
  /** True for a request that is sent only once, whatever happens. */
  readonly once?: boolean;
  /** True for an upload to a host that the registry has named: never on this machine, wherever the registry is. */
  readonly elsewhere?: boolean;
};

const SOCKETS = 12;
const TRIES = 4;
const PAUSES = { firstMs: 250, longestMs: 2000 };
/** Milliseconds: without any byte, for a whole small document, and the longest delay that a server may ask for. */
const SILENCE = 30_000;
const DOCUMENT = 120_000;
const LONGEST_WAIT = 90_000;

/** All network traffic with one registry: redirects, retries, limits. */
export class RegistryConnection {
  readonly #endpoint: RegistryEndpoint;
  readonly #client: HttpClient;
  readonly #elsewhere: HttpClient;
  #notBefore = 0;
  /** Bytes of bodies so far. */
  bytesRead = 0;

  constructor(endpoint: RegistryEndpoint, env: NodeJS.ProcessEnv) {
    this.#endpoint = endpoint;
    const party = partyAt(new URL(endpoint.origin));
    const limits = { sockets: SOCKETS, idleMs: SILENCE, wholeMs: DOCUMENT };
    const route = (url: URL): Omit<HttpRoute, "reach"> => routeTo(url, endpoint, env);
    this.#client = new HttpClient({ ...limits, route: (url) => ({ ...route(url), reach: party(url) }) });
    this.#elsewhere = new HttpClient({ ...limits, route: (url) => ({ ...route(url), reach: FOREIGN }) });
  }

  /**
   * The whole response, at most `limit` bytes. Retries, with growing pauses, after a 5xx, a broken connection and a 429
   * (after the time it says). Throws `unreachable`, `throttled`, `malformed` (longer than the limit, or a redirect that
   * is not allowed).
   */
  async read(ask: RegistryExchange, limit: number): Promise<BufferedResponse> {
    return this.#patiently(ask, async () => {
      const answer = await this.#clientFor(ask).read({ ...requestOf(ask), wholeOnly: true }, limit);
      this.bytesRead += answer.bytes.length;
      if (!answer.whole && answer.status < 400) throw tooLongError(answer.url, limit);
      return answer;
    });
  }

  /** The response with its body still to be read by `chunks`; retries only until the body begins. */
  async open(ask: RegistryExchange): Promise<StreamedResponse> {
    return this.#patiently(ask, () => this.#clientFor(ask).open(requestOf(ask)));
  }

  /** The body of an opened response. Throws `unreachable` if it breaks off. */
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

  /** Closes idle connections. */
  close(): void {
    this.#client.close();
    this.#elsewhere.close();
  }

  #clientFor({ elsewhere }: RegistryExchange): HttpClient {
    return elsewhere === true ? this.#elsewhere : this.#client;
  }

  #patiently<T extends ResponseHead>(ask: RegistryExchange, attempt: () => Promise<T>): Promise<T> {
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

  /** A response that requires another attempt. A delay counts for all requests to the same host. */
  #later<T extends ResponseHead>(ask: RegistryExchange, answer: T): Attempt<T> {
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
}

function requestOf({ follow, ...rest }: RegistryExchange): HttpRequest {
  return follow === false ? rest : { ...rest, follow: (answer, hops) => redirectTarget(rest.method, answer, hops) };
}

/** The engine's certificates are for the registry itself; storage and token servers are checked with the system's. */
function routeTo(url: URL, endpoint: RegistryEndpoint, env: NodeJS.ProcessEnv): Omit<HttpRoute, "reach"> {
  const mine = url.host === new URL(endpoint.origin).host;
  const { ca = [], cert, key } = mine ? endpoint.tls : {};
  return {
    // A loopback host is never contacted through a proxy, as in Go's clients.
    proxy: mine && endpoint.loopback ? null : env,
    tls: {
      ...(url.protocol === "https:" && { ca: authorities(ca) }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(mine && endpoint.unverified && { rejectUnauthorized: false }),
    },
  };
}

function thrown(error: UnsprawlError): never {
  throw error;
}

function throttled(url: URL, asked: number | null): UnsprawlError {
  const wait = asked === null ? "" : ` for ${Math.ceil(asked / 1000)} s`;
  return new UnsprawlError(
    "throttled",
    `${url.host} reports too many requests and asks to wait${wait}`,
    "try again later; a login has a higher limit: docker login",
    "429",
    asked,
  );
}
