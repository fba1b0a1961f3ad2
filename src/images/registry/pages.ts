import { UnsprawlError } from "../../model/error.ts";
import type { Need, EndpointClient } from "./place.ts";

const PAGE_LIMIT = 8 * 1024 * 1024;
/** A server with small pages is read up to this number of pages. */
const MOST_PAGES = 20_000;
const MOST_NAMES = 500_000;
/** Of all pages together: as much as that many names take. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Names longer than any (Docker: 255 for a repository) are counted: each is reported. */
const LONGEST_NAME = 255;
const MOST_LONG = 1000;

/**
 * The names of a paged list (`Link: <…>; rel="next"`, RFC 8288, relative or absolute). Only links to the registry
 * itself are followed. Throws `malformed` for a list that loops or does not end.
 */
export async function* pagedNames(
  place: EndpointClient,
  first: string,
  field: "tags" | "repositories",
  need: Need,
): AsyncGenerator<string> {
  const seen = new Set<string>();
  let [names, long, bytes] = [0, 0, 0];
  const bad = (why: string): UnsprawlError => new UnsprawlError("malformed", `the ${need.what} ${why}`);
  for (let path: string | URL | null = first; path !== null;) {
    const answer = await place.read({ method: "GET", path }, { ...need, limit: PAGE_LIMIT });
    seen.add(answer.url.href);
    if ((bytes += answer.bytes.length) > MOST_BYTES) throw bad("does not end");
    for (const name of listed(answer.bytes, field, bad)) {
      if (++names > MOST_NAMES) throw bad("does not end");
      if (name.length > LONGEST_NAME && ++long > MOST_LONG) throw bad("is full of names that none can have");
      yield name;
    }
    const link = nextOf(answer.headers["link"]);
    if (link === null) return;
    if (!URL.canParse(link, answer.url.href)) throw bad("continues at something that is not a URL");
    const next = new URL(link, answer.url);
    if (next.origin !== answer.url.origin) throw bad(`continues at another host, ${next.host}: not followed`);
    if (seen.has(next.href)) throw bad("goes round in circles");
    if (seen.size >= MOST_PAGES) throw bad("does not end");
    path = next;
  }
}

function listed(bytes: Buffer, field: string, bad: (why: string) => UnsprawlError): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw bad("is not JSON");
  }
  const list = (json as { readonly [key: string]: unknown } | null)?.[field];
  // A repository whose last tag was deleted returns null.
  if (list === null) return [];
  if (!Array.isArray(list) || !list.every((one): one is string => typeof one === "string")) throw bad("is none");
  return list;
}

function nextOf(header: string | string[] | undefined): string | null {
  const text = (Array.isArray(header) ? header.join(", ") : (header ?? "")).slice(0, 16_384);
  for (const part of text.split("<").slice(1)) {
    const end = part.indexOf(">");
    const [target, parameters] = [part.slice(0, Math.max(0, end)), part.slice(end + 1)];
    if (end >= 0 && /;\s*rel\s*=\s*(?:"next"|next)\s*(?:;|$)/i.test(parameters)) return target;
  }
  return null;
}
