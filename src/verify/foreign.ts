import type { HttpResponse } from "../kit/net/http.ts";

/**
 * Whether a response does not come from an API, whatever its status: a page for people, or a proxy that wants a login.
 * Frameworks label an empty body, and JSON too, as a page: the body decides.
 */
export function isForeign({ text, headed, status }: HttpResponse): boolean {
  if (headed === "proxy" || status === 407) return true;
  const body = text.trim();
  if (headed === "page") return body !== "" && !isJson(body);
  return body.startsWith("<") && PAGE.test(body);
}

/** What AWS says in XML has none of these. */
const PAGE = /<(?:!doctype\s+html|html|head|body|title|script|meta|style|form|div|center|h[1-6]|p|b|br)\b/i;

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
