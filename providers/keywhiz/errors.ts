import { connectionFault, faultCode, type ConnectionFault } from "../../src/kit/net/fault.ts";
import { cmd } from "../../src/kit/shell.ts";
import { countText } from "../../src/kit/text/count.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { connectionError } from "../../src/stores-kit/connection-error.ts";
import type { KeywhizSettings } from "./settings.ts";

/** The connection ended before the response was complete: a write may have been carried out, or not. */
export class AnswerLost extends UnsprawlError {}

type KeywhizEndpoint = Pick<KeywhizSettings, "url" | "caFile" | "identity">;

const REFUSED = /certificate|unknown ca|access denied|handshake failure|alert number (?:4[0-9]|116)\b/i;

/** Reduces a failed connection to what went wrong. Only the code of Node's error is kept. */
export function keywhizConnectionError(error: unknown, { url, caFile, identity }: KeywhizEndpoint): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = faultCode(error);
  const at = `the Keywhiz at ${url}`;
  const { message } = (error ?? {}) as { message?: unknown };
  const said = `${code.replaceAll("_", " ")} ${typeof message === "string" ? message : ""}`;
  if (/alert/i.test(said) && REFUSED.test(said)) {
    const key = identity.kind === "pem" ? "certFile" : "p12File";
    return new UnsprawlError(
      "denied",
      `${at} refuses the certificate in ${key}`,
      cmd`it must be issued by the CA that Keywhiz trusts, and not expired: name another in ${key}`,
      code || "Error",
    );
  }
  if (/PROTOCOL.VERSION/i.test(said))
    return new UnsprawlError(
      "unreachable",
      `${at} speaks another version of TLS`,
      "it must take TLS 1.2 or newer",
      code || "Error",
    );
  const untrusted =
    caFile === null ? "name its CA by caFile" : `${caFile} did not sign it: name the right CA by caFile`;
  // What is not HTTP is mostly plain HTTP's other side.
  const failed = connectionError(code.startsWith("HPE_") ? "EPROTO" : code, at, "url", { untrusted });
  return LOST.has(connectionFault(code))
    ? new AnswerLost(failed.code, failed.message, failed.hint, code || "Error")
    : failed;
}

/** The request may have arrived. */
const LOST: ReadonlySet<ConnectionFault> = new Set(["late", "broken", "other"]);

/** 429 or 503 after all retries; `wait` is the delay that the server still asks for, in seconds. */
export function busyError(status: number, url: string, wait: number | null): UnsprawlError {
  const when = wait === null ? "try again later" : `try again in ${countText(wait, "second")}`;
  if (status === 429)
    return new UnsprawlError("throttled", `the Keywhiz at ${url} asks to slow down`, when, String(status));
  return new UnsprawlError("unreachable", `the Keywhiz at ${url} cannot answer now`, when, String(status));
}

/** A response that no caller expects. The server's text is left out: it may quote what was sent. */
export function statusError(status: number, { url, identity, delivery }: KeywhizSettings): UnsprawlError {
  const key = identity.kind === "pem" ? "certFile" : "p12File";
  const cause = String(status);
  if (status === 401)
    return new UnsprawlError(
      "denied",
      `the Keywhiz at ${url} has no client with the name in the certificate (${key})`,
      cmd`let an operator create the client, with automationAllowed for a migration; or name another certificate in ${key}`,
      cause,
    );
  if (status === 403 && delivery === "automation")
    return new UnsprawlError(
      "denied",
      `the client of ${key} may not use the automation API of the Keywhiz at ${url}`,
      cmd`let an operator set automationAllowed for it, or name the certificate of an automation client in ${key}; delivery: client only reads`,
      cause,
    );
  if (status === 403)
    return new UnsprawlError(
      "denied",
      `the client of ${key} may not read this in the Keywhiz at ${url}`,
      "let an operator put client and secret into one group, as unsprawl's policy for the store says",
      cause,
    );
  if (status === 413)
    return new UnsprawlError(
      "refused",
      "the value is larger than Keywhiz accepts",
      "keep it where it is, or raise the limit of the proxy in front of Keywhiz",
      cause,
    );
  if (status >= 500)
    return new UnsprawlError("failed", `the Keywhiz at ${url} failed`, "its log says why; try again", cause);
  return strangeAnswer(url, cause);
}

/** A response that no Keywhiz sends. */
export function strangeAnswer(url: string, cause: string): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `the Keywhiz at ${url} gave an answer that unsprawl does not understand`,
    "is this the address of a Keywhiz?",
    cause,
  );
}

/** A secret whose name differs from the requested one, though Keywhiz treats them as equal. */
export function otherSpelling(name: string, there: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `Keywhiz has a secret called ${JSON.stringify(there)}, which it cannot tell from ${JSON.stringify(name)}`,
    "rename one of the two, or change the store's name",
  );
}
