import type { BufferedResponse, ResponseHead, StreamedResponse } from "../../kit/net/client.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { loginDenied, type RegistryLogin, type Scope } from "./auth.ts";
import type { RegistryEndpoint } from "./hosts.ts";
import { speaksNoTls } from "./http-errors.ts";
import { RegistryConnection, type RegistryExchange } from "./http.ts";

/** The cause of the error when a registry has stopped answering: it is not contacted again. */
export const GONE = "gone";
/** This many requests in a row without a response. */
const IN_A_ROW = 24;

export type RegistryRequest = {
  readonly method: RegistryExchange["method"];
  /** Below `/v2/`, or a whole URL from the registry. */
  readonly path: string | URL;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
};

export type Need = {
  readonly scope: Scope;
  readonly signal: AbortSignal;
  /** What is requested, for errors. */
  readonly what: string;
  /** Accepted statuses besides 2xx. */
  readonly or?: readonly number[];
};

/** One endpoint of a registry: the registry itself, or a mirror. Logs in if asked to. */
export class EndpointClient {
  readonly endpoint: RegistryEndpoint;
  readonly wire: RegistryConnection;
  readonly login: RegistryLogin;
  readonly #notes = new Map<string, string>();
  #origin: Promise<string> | null = null;
  #unanswered = 0;
  requests = 0;

  constructor(endpoint: RegistryEndpoint, env: NodeJS.ProcessEnv, login: (wire: RegistryConnection) => RegistryLogin) {
    this.endpoint = endpoint;
    this.wire = new RegistryConnection(endpoint, env);
    this.login = login(this.wire);
  }

  get notes(): readonly string[] {
    return [...this.#notes.values()];
  }

  /** A whole response of at most `limit` bytes. Throws as `Registry`. */
  async read(request: RegistryRequest, need: Need & { readonly limit: number }): Promise<BufferedResponse> {
    return this.#counted(() => this.#loggedIn(request, need, (ask) => this.wire.read(ask, need.limit)));
  }

  /** A response whose body is read by `chunks`. */
  async open(request: RegistryRequest, need: Need): Promise<StreamedResponse> {
    return this.#counted(() => this.#loggedIn(request, need, (ask) => this.wire.open(ask)));
  }

  chunks(answer: StreamedResponse): AsyncGenerator<Buffer> {
    return this.wire.chunks(answer);
  }

  /** Sends a HEAD request. */
  async there(path: string, need: Need & { readonly limit: number }): Promise<boolean> {
    const { status } = await this.read({ method: "HEAD", path }, { ...need, or: [404] });
    return status !== 404;
  }

  async #counted<T>(answered: () => Promise<T>): Promise<T> {
    try {
      const answer = await answered();
      this.#unanswered = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      this.#unanswered = error.code === "unreachable" ? this.#unanswered + 1 : 0;
      if (this.#unanswered <= IN_A_ROW) throw error;
      const { message, hint } = error;
      throw new UnsprawlError("unreachable", `${this.endpoint.name} has stopped answering: ${message}`, hint, GONE);
    }
  }

  async #loggedIn<T extends ResponseHead>(
    request: RegistryRequest,
    need: Need,
    send: (ask: RegistryExchange) => Promise<T>,
  ): Promise<T> {
    const { scope, signal } = need;
    const base = await this.#base(signal);
    const url = new URL(request.path, `${base}/v2/`);
    const rest = { method: request.method, url, signal, ...(request.headers ? { headers: request.headers } : {}) };
    const ask: RegistryExchange = request.body === undefined ? rest : { ...rest, body: request.body };
    const mine = url.origin === base;
    const to = mine ? {} : { elsewhere: true };
    let authorization = mine ? await this.login.header(scope, signal) : null;
    let answer = await send({ ...ask, ...to, authorization });
    this.requests++;
    if (answer.status === 401 && mine && answer.url.origin === base) {
      const sent = authorization;
      if (this.login.learn(wantedBy(answer), sent)) {
        authorization = await this.login.header(scope, signal);
        if (authorization !== null && authorization !== sent) {
          drop(answer);
          answer = await send({ ...ask, authorization });
          this.requests++;
        }
      }
    }
    this.#noteLimits(answer);
    if ((answer.status >= 200 && answer.status < 300) || need.or?.includes(answer.status)) return answer;
    drop(answer);
    throw this.#refusal(answer, need.what);
  }

  /** The registry's origin. If it may be used without TLS, TLS is tried first. */
  #base(signal: AbortSignal): Promise<string> {
    const { origin, plain } = this.endpoint;
    if (!plain || origin.startsWith("http:")) return Promise.resolve(origin);
    this.#origin ??= this.wire.read({ method: "GET", url: new URL(`${origin}/v2/`), signal, once: true }, 65_536).then(
      () => origin,
      (error: unknown) => {
        this.#origin = null;
        if (!speaksNoTls(error)) throw error;
        const bare = origin.replace(/^https:/, "http:");
        this.#origin = Promise.resolve(bare);
        return bare;
      },
    );
    return this.#origin;
  }

  #refusal({ status, url }: ResponseHead, what: string): UnsprawlError {
    const { name } = this.endpoint;
    if (status === 401 || status === 403) {
      const elsewhere = url.host !== new URL(this.endpoint.origin).host;
      if (!elsewhere) return loginDenied(name, this.login.used);
      return new UnsprawlError("denied", `${url.host}, to which ${name} redirects, gives no ${what} (${status})`);
    }
    if (status === 404)
      return new UnsprawlError(
        "absent",
        `there is no ${what}`,
        cmd`check the name; a login may show more: docker login ${name}`,
      );
    if (status >= 500)
      return new UnsprawlError("unreachable", `${url.host} fails (${status}) for ${what}`, "try again later");
    return new UnsprawlError("malformed", `${url.host} answers ${status} for ${what}`);
  }

  /** Docker Hub: https://docs.docker.com/docker-hub/usage/pulls/, `ratelimit-remaining: 76;w=21600`. */
  #noteLimits({ headers }: ResponseHead): void {
    const left = /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(String(headers["ratelimit-remaining"] ?? ""));
    const most = /^\d{1,9}/.exec(String(headers["ratelimit-limit"] ?? ""))?.[0];
    if (!left) return;
    const window = left[2] === undefined ? "" : ` in ${Math.round(Number(left[2]) / 3600)} h`;
    const of = most === undefined ? "" : ` of ${most}`;
    this.#notes.set("limit", `${this.endpoint.name}: ${left[1]}${of} pulls left${window}`);
  }
}

function wantedBy({ headers }: ResponseHead): string | undefined {
  return headers["www-authenticate"];
}

function drop(answer: ResponseHead): void {
  if ("stream" in answer) (answer as StreamedResponse).stream.destroy();
}
