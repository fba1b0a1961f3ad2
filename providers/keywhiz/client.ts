import { withBackoff, retryAfterMs, type Attempt } from "../../src/kit/net/backoff.ts";
import type { UnsprawlError } from "../../src/model/error.ts";
import { AnswerLost, busyError, keywhizConnectionError, statusError, strangeAnswer } from "./errors.ts";
import type { KeywhizSettings } from "./settings.ts";
import type { Raw, KeywhizSend } from "./wire.ts";

export type KeywhizResponse = {
  readonly status: number;
  /** Integers beyond 2^53 come as the text that they were. */
  readonly body: unknown;
  /** Sent more than once: an earlier attempt may have been carried out, though it was answered by 429 or 503. */
  readonly again: boolean;
};

export type KeywhizRequest = {
  readonly json?: { readonly [key: string]: unknown };
  /** Statuses besides success that the caller handles: returned instead of thrown. */
  readonly expect?: readonly number[];
  /** A POST that only reads, or a PUT that may be sent twice. */
  readonly reads?: boolean;
};

/** The API of one Keywhiz: a response, or an UnsprawlError without anything from the request. */
export type KeywhizClient = {
  /** Throws AnswerLost if a write may have been carried out; reads are retried before that. */
  call(method: Raw["method"], path: string, request?: KeywhizRequest): Promise<KeywhizResponse>;
  /** A write; null if its response was lost, and the caller must check whether it was carried out. */
  write(method: Raw["method"], path: string, request?: KeywhizRequest): Promise<KeywhizResponse | null>;
  /** Any response at all proves that there is a server. */
  reach(): Promise<void>;
};

const PATIENCE = { firstMs: 250, longestMs: 2000, attempts: 5, longestAskedMs: 20_000 };
/** A broken connection is retried this often. */
const READS = 3;

/** Connects on the first call. */
export function keywhizClient(settings: KeywhizSettings, env: NodeJS.ProcessEnv = {}): KeywhizClient {
  const { url } = settings;
  let connected: Promise<KeywhizSend> | null = null;
  const send = async (raw: Raw): ReturnType<KeywhizSend> => {
    const using = (connected ??= import("./wire.ts").then(({ connect }) => connect(settings, env)));
    try {
      const answer = await (await using)(raw);
      if (answer.status === 401 && connected === using) connected = null;
      return answer;
    } catch (error) {
      // Files are read again next time: certificates are renewed in place.
      if (connected === using) connected = null;
      throw keywhizConnectionError(error, settings);
    }
  };
  const call: KeywhizClient["call"] = async (method, path, { json, expect = [], reads = method === "GET" } = {}) => {
    const body = json === undefined ? null : JSON.stringify(json);
    let lost = 0;
    return withBackoff<KeywhizResponse>(async (attempts) => {
      try {
        const answer = await send({ method, path, body });
        const { status, text } = answer;
        if (status === 429 || status === 503) return later(answer, url);
        if (status >= 300 && !expect.includes(status)) throw statusError(status, settings);
        return { done: { status, body: parse(text, status, url), again: attempts > 1 } };
      } catch (error) {
        if (!(error instanceof AnswerLost) || error.cause === "ETIMEDOUT" || !reads || ++lost === READS) throw error;
        return { askedMs: lost * 50, give: () => thrown(error) };
      }
    }, PATIENCE);
  };
  return {
    call,
    write: (method, path, request) =>
      call(method, path, request).catch((error: unknown) => {
        if (error instanceof AnswerLost) return null;
        throw error;
      }),
    async reach() {
      await send({ method: "GET", path: "/_status", body: null });
    },
  };
}

function later({ status, retryAfter }: Awaited<ReturnType<KeywhizSend>>, url: string): Attempt<never> {
  const asked = retryAfterMs(retryAfter);
  const askedS = asked === null ? null : Math.ceil(asked / 1000);
  return { askedMs: asked === null ? null : Math.max(asked, 10), give: () => thrown(busyError(status, url, askedS)) };
}

function thrown(error: UnsprawlError): never {
  throw error;
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** JSON.parse with the source text, which the standard library's types do not know yet. */
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown;

function parse(text: string, status: number, url: string): unknown {
  if (text === "") return null;
  try {
    return parseWith(text, (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source ? source : value,
    );
  } catch {
    // A proxy's page of errors; a success must be understood.
    if (status >= 300) return null;
    throw strangeAnswer(url, String(status));
  }
}
