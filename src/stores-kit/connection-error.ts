import { connectionFault, type ConnectionFault } from "../kit/net/fault.ts";
import { UnsprawlError } from "../model/error.ts";

/** A store's own hints, which replace those below. */
type ConnectionHints = { readonly [fault in ConnectionFault]?: string };

/**
 * The error for a connection to a store that failed with this Node error code. `at` names the store and its address,
 * `setting` is the setting that holds the address.
 */
export function connectionError(code: string, at: string, setting: string, hints: ConnectionHints): UnsprawlError {
  const fault = connectionFault(code);
  const unreachable = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("unreachable", `${at} ${why}`, hint, code || "Error");
  const known = WORDS[fault];
  if (known === undefined) return unreachable("broke the connection", hints.broken ?? "try again; its log says why");
  const [why, hint] = known;
  return unreachable(why, hints[fault] ?? hint(setting));
}

const WORDS: { readonly [fault in ConnectionFault]?: readonly [why: string, hint: (setting: string) => string] } = {
  refused: ["refuses the connection", (setting) => `is it running, and is ${setting} right?`],
  "unknown-name": ["has a host name that does not resolve", (setting) => `check ${setting}`],
  unreachable: ["cannot be reached", (setting) => `check ${setting} and the network`],
  late: ["does not answer", (setting) => `check ${setting} and the network`],
  proxy: ["is behind a proxy that refuses the connection", () => "check HTTPS_PROXY and NO_PROXY"],
  "other-name": ["has a certificate for another name", (setting) => `use the name in its certificate: ${setting}`],
  expired: ["has a certificate that is not valid now", () => "renew it; check both clocks"],
  untrusted: ["has a certificate from a CA that is not trusted here", () => "name its CA by NODE_EXTRA_CA_CERTS"],
  "no-tls": ["does not speak TLS there", (setting) => `another port? check ${setting}`],
};
