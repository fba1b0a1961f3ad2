import type { RotationWire } from "../contract/rotator.ts";
import { HttpClient, type HttpRequest } from "../kit/net/client.ts";
import { connectionFailure } from "../kit/net/http.ts";
import { isLoopback } from "../kit/net/outgoing.ts";
import { noAnswerText } from "../kit/net/within.ts";
import { UnsprawlError } from "../model/error.ts";

const BODY = 262_144;

/** One request to a server's own API and its answer. Throws `unreachable`, quoting nothing that was sent. */
export async function request(
  server: string,
  { method, url, headers = {}, authorization = null, body }: Omit<HttpRequest, "signal" | "follow">,
  { reach, local, timeoutMs, env, signal }: RotationWire,
): Promise<{ readonly status: number; readonly text: string }> {
  if (url.protocol !== "https:" && !local && !isLoopback(url.hostname))
    throw new UnsprawlError("refused", `${server}: its address is not https, and no password is sent in the clear`);
  const client = new HttpClient({ route: () => ({ reach, proxy: env }), sockets: 0, wholeMs: timeoutMs });
  try {
    const sent = { method, url, headers, authorization, signal, ...(body === undefined ? {} : { body }) };
    const { status, bytes } = await client.read(sent, BODY);
    if (status === 429 || status >= 500)
      throw new UnsprawlError("unreachable", `${server} answers ${status}`, "try again");
    return { status, text: bytes.toString("utf8") };
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    const why = signal.aborted ? noAnswerText("stopped", timeoutMs) : connectionFailure(error);
    throw new UnsprawlError(
      "unreachable",
      `${server}: ${why}`,
      "check that the server runs and can be reached from here",
    );
  } finally {
    client.close();
  }
}
