import { UnsprawlError } from "../../model/error.ts";
import type { ResponseHead } from "../../kit/net/client.ts";
import { isLoopback, reachesThisMachine } from "../../kit/net/outgoing.ts";

const MOST_HOPS = 5;

/**
 * The target of a redirected read; null if the response is not a redirect. Never from https to http except on this
 * machine; never from elsewhere to this machine. Throws `malformed` for a redirect that is not followed.
 */
export function redirectTarget(method: string, answer: ResponseHead, hops: number): URL | null {
  if (![301, 302, 303, 307, 308].includes(answer.status) || (method !== "GET" && method !== "HEAD")) return null;
  const { host } = answer.url;
  if (hops >= MOST_HOPS) throw malformed(`${host} redirects more than ${MOST_HOPS} times`);
  const next = locationOf(answer, `${host} redirects`);
  if (isDowngrade(answer.url, next) && !isLoopback(next.hostname))
    throw malformed(`${host} redirects from https to http`);
  return next;
}

/** Where a registry wants an upload to continue. Never from https to http. Throws `malformed`. */
export function uploadTarget(answer: Pick<ResponseHead, "headers" | "url">): URL {
  const { host } = answer.url;
  const next = locationOf(answer, `${host} sends uploads`);
  if (isDowngrade(answer.url, next)) throw malformed(`${host} sends uploads from https to http`);
  return next;
}

/** A host that stands in a `Location`; its addresses are looked at when it is connected to. */
function locationOf({ headers, url }: Pick<ResponseHead, "headers" | "url">, does: string): URL {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, url.href)) throw malformed(`${does} to nowhere`);
  const next = new URL(location, url);
  if (next.protocol !== "https:" && next.protocol !== "http:") throw malformed(`${does} to something that is not HTTP`);
  if (next.username !== "" || next.password !== "") throw malformed(`${does} to a URL with a login in it`);
  if (reachesThisMachine(next.hostname) && !isLoopback(url.hostname)) throw malformed(`${does} to this machine`);
  return next;
}

const isDowngrade = (from: URL, to: URL): boolean => from.protocol === "https:" && to.protocol === "http:";

const malformed = (text: string): UnsprawlError => new UnsprawlError("malformed", text);
