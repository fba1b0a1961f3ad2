import { withBackoff, retryAfterMs, type Attempt } from "../kit/net/backoff.ts";
import { FOREIGN, isLoopback, NAMED } from "../kit/net/outgoing.ts";
import { send, type HttpOptions, type HttpResponse, type NoAnswer, type Sending } from "../kit/net/http.ts";
import { noAnswerText } from "../kit/net/within.ts";
import { isForeign } from "./foreign.ts";
import { requestKey } from "./reveal.ts";
import { dead, live, unknown, type Liveness, type VerifyRequest, type VerifyOptions } from "./types.ts";

/** What a vendor's entry is given to make its request from. */
export type VendorInput = {
  readonly part: string;
  readonly name: string;
  readonly beside: (names: RegExp) => string | null;
};

export type VendorRequest = Omit<Sending, "url"> & {
  readonly path: string;
  /** The path as it may be shown: without the secret, where a vendor wants it there. */
  readonly label: string;
  /** For vendors that want a signature: further headers, and what makes two such requests the same. */
  readonly signed?: { readonly same: readonly (string | null)[]; readonly headers: (url: URL) => Sending["headers"] };
};

/**
 * `limited`: it is known there, but not allowed to ask this. `foreign`: the vendor does not answer like this, so
 * somebody in between did: a captive portal, a proxy. Null: the answer says neither.
 */
export type VendorStatus = "live" | "limited" | "dead" | "foreign" | null;

/** One vendor: data, as far as its API lets it be. */
export type Vendor = {
  /** The key of `endpoints`. */
  readonly id: string;
  readonly name: string;
  readonly rules: readonly string[];
  /** Whether the question below is the right one for this secret of the rule; without it, for all. */
  readonly fits?: (given: Pick<VendorInput, "part" | "name">) => boolean;
  /** The vendor's own servers. Several are regions that do not know each other's secrets: dead is refused by all. */
  readonly bases: (given: VendorInput) => readonly string[];
  /** The request, or what is missing for it. */
  readonly ask: (given: VendorInput) => VendorRequest | string;
  readonly read: (answer: HttpResponse) => VendorStatus;
  /** Why a refusal proves nothing, if it does not. */
  readonly unsure?: (given: VendorInput) => string | null;
  /**
   * For software that also runs elsewhere: variables that name another server (then the vendor's is not asked at all),
   * the vendor's domain, and whether so many run their servers themselves that a refusal by the vendor proves nothing.
   */
  readonly own?: { readonly names: RegExp; readonly home: string; readonly often: boolean };
};

const PATIENCE = { firstMs: 1000, longestMs: 1000, attempts: 2, longestAskedMs: 5000 };

/** Makes the question of one secret, or says why it cannot be asked. */
export function questionFor(vendor: Vendor, given: VendorInput, options: VerifyOptions): VerifyRequest | Liveness {
  const endpoint = options.endpoints[vendor.id];
  const elsewhere = endpoint === undefined && namesAnother(vendor, given);
  if (elsewhere)
    return unknown(
      `another variable names a server that is not ${vendor.name}'s: give it as the endpoint "${vendor.id}"`,
    );
  const ask = vendor.ask(given);
  if (typeof ask === "string") return unknown(ask);
  const urls: URL[] = [];
  for (const base of endpoint === undefined ? vendor.bases(given) : [endpoint]) {
    const url = urlOf(base, ask.path);
    if (url === null) return unknown(`the endpoint "${vendor.id}" is not an https URL`);
    urls.push(url);
  }
  const doubt =
    vendor.unsure?.(given) ??
    (vendor.own?.often === true && endpoint === undefined
      ? `it may belong to your own server: configure that as the endpoint "${vendor.id}"`
      : null);
  return {
    key: requestKey(
      vendor.id,
      ...urls.map(String),
      JSON.stringify(ask.headers),
      ask.body ?? null,
      ...(ask.signed?.same ?? []),
    ),
    host: urls[0]?.host ?? "",
    // Only a configured endpoint was named by a person: a vendor's own servers are never here.
    ask: (wire, signal) =>
      askAll(vendor, ask, urls, doubt, { ...wire, reach: endpoint === undefined ? FOREIGN : NAMED }, signal),
  };
}

/** Asks one region after the other, until one knows the key: alive anywhere, it is alive. */
export async function askAll(
  vendor: Vendor,
  ask: VendorRequest,
  urls: readonly URL[],
  doubt: string | null,
  wire: HttpOptions,
  signal: AbortSignal,
): Promise<Liveness> {
  let unclear: Liveness | null = null;
  let refused = "";
  for (const url of urls) {
    const { method, body, label } = ask;
    const headers = { ...ask.headers, ...ask.signed?.headers(url) };
    const sending = { method, url, headers, ...(body === undefined ? {} : { body }) };
    const said = await askOne(vendor, sending, label, wire, signal);
    if (said.state === "live") return said;
    if (said.state === "dead") refused = said.why;
    else unclear ??= said;
  }
  if (unclear !== null) return unclear;
  return doubt === null ? dead(refused) : unknown(`${refused}, which proves nothing: ${doubt}`);
}

async function askOne(
  vendor: Vendor,
  sending: Sending,
  label: string,
  wire: HttpOptions,
  signal: AbortSignal,
): Promise<Liveness> {
  const answer = await withBackoff(() => attempt(sending, wire, signal), { ...PATIENCE, signal }).catch(
    (): NoAnswer => ({
      none: noAnswerText("stopped", wire.timeoutMs),
    }),
  );
  if ("none" in answer) return unknown(`${vendor.name}: ${answer.none}`);
  const { status } = answer;
  if (status === 429 || status >= 500)
    return unknown(`${vendor.name} ${status === 429 ? "asks to wait" : "has an internal error"} (${status})`);
  if (status >= 300 && status < 400)
    return unknown(`${vendor.name} sends elsewhere (${status}), which is not followed`);
  const shown = `(${sending.method} ${label}: ${status})`;
  const foreign = isForeign(answer);
  if (!foreign && !answer.whole) return unknown(`${vendor.name} answers with more than unsprawl reads ${shown}`);
  const reading = foreign ? "foreign" : vendor.read(answer);
  if (reading === "foreign") return unknown(`answered by something that is not ${vendor.name} ${shown}`);
  if (reading === "live") return live(`${vendor.name} accepts it ${shown}`);
  if (reading === "limited")
    return live(`${vendor.name} accepts it, but with too few rights for this request ${shown}`);
  if (reading === "dead") return dead(`${vendor.name} refuses it ${shown}`);
  return unknown(`${vendor.name} gives an inconclusive answer ${shown}`);
}

/** One request; 429 and 5xx are worth another. */
async function attempt(
  sending: Sending,
  wire: HttpOptions,
  signal: AbortSignal,
): Promise<Attempt<HttpResponse | NoAnswer>> {
  const answer = await send(sending, wire, signal);
  if ("none" in answer || (answer.status !== 429 && answer.status < 500)) return { done: answer };
  return { askedMs: retryAfterMs(answer.retryAfter) ?? PATIENCE.firstMs, give: () => answer };
}

function urlOf(base: string, path: string): URL | null {
  const url = URL.parse(base.replace(/\/+$/, "") + path);
  if (url === null || url.username !== "" || url.password !== "") return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)) ? url : null;
}

function namesAnother(vendor: Vendor, given: VendorInput): boolean {
  if (vendor.own === undefined) return false;
  const said = given.beside(vendor.own.names)?.trim() ?? "";
  const host = said
    .replace(/^[a-z][a-z0-9+]*:\/\//i, "")
    .replace(/^[^/@]*@/, "")
    .replace(/[:/?#].*$/s, "")
    .toLowerCase();
  return host !== "" && host !== vendor.own.home && !host.endsWith(`.${vendor.own.home}`);
}
