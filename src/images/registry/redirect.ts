import { UnsprawlError } from "../../model/error.ts";
import type { ResponseHead } from "../../kit/net/client.ts";
import { isLoopback, reachesThisMachine } from "../../kit/loopback.ts";

const MOST_HOPS = 5;

/**
 * The target of a redirected read; null if the response is not a redirect. Never from https to http except on this
 * machine; never from elsewhere to this machine. Throws `malformed` for a redirect that is not followed.
 */
export function redirectTarget(method: string, { status, headers, url }: ResponseHead, hops: number): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || (method !== "GET" && method !== "HEAD")) return null;
  const refuse = (why: string): UnsprawlError => new UnsprawlError("malformed", `${url.host} redirects ${why}`);
  if (hops >= MOST_HOPS) throw refuse(`more than ${MOST_HOPS} times`);
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, url.href)) throw refuse("to nowhere");
  const next = new URL(location, url);
  if (next.protocol !== "https:" && next.protocol !== "http:") throw refuse("to something that is not HTTP");
  if (next.username !== "" || next.password !== "") throw refuse("to a URL with a login in it");
  if (reachesThisMachine(next.hostname) && !isLoopback(url.hostname)) throw refuse("to this machine");
  if (url.protocol === "https:" && next.protocol === "http:" && !isLoopback(next.hostname))
    throw refuse("from https to http");
  return next;
}
