import { connectionFault, faultCode, type ConnectionFault } from "../../kit/net/fault.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { RegistryEndpoint } from "./hosts.ts";

/** Worth a retry: the connection broke, or timed out. */
export function isTransient(error: unknown): boolean {
  const code = faultCode(error);
  return code === "EAI_AGAIN" || TRANSIENT.has(connectionFault(code));
}

const TRANSIENT: ReadonlySet<ConnectionFault> = new Set(["broken", "refused", "late", "unreachable"]);

/** The server does not speak TLS, or not on this port. */
export function speaksNoTls(error: unknown): boolean {
  return error instanceof UnsprawlError && /EPROTO|ERR_SSL|ECONNRESET|ECONNREFUSED/.test(String(error.cause));
}

/** Why a connection to a host failed, by its code only: messages may quote what was sent. */
export function connectionError(error: unknown, url: URL, endpoint: RegistryEndpoint): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = faultCode(error);
  const fault = connectionFault(code);
  const cause = causeOf(error);
  if (fault === "forbidden")
    return new UnsprawlError(
      "refused",
      `${endpoint.name} names ${url.host}, which is this machine or its link`,
      "nothing was sent",
      cause,
    );
  if (fault === "no-http" || fault === "characters")
    return new UnsprawlError("malformed", `${url.host} does not answer with valid HTTP (${code})`, null, cause);
  if (fault === "no-tls" || fault === "client-certificate")
    return new UnsprawlError(
      "unreachable",
      `${url.host} does not speak TLS (${code})`,
      cmd`if it is meant to: add ${bare(JSON.stringify(endpoint.name))} to insecure-registries in the engine's daemon.json`,
      cause,
    );
  if (fault === "untrusted" || fault === "other-name" || fault === "expired")
    return new UnsprawlError(
      "unreachable",
      `the certificate of ${url.host} is not trusted (${code})`,
      cmd`put its authority into /etc/docker/certs.d/${endpoint.name}/ca.crt`,
      cause,
    );
  return new UnsprawlError(
    "unreachable",
    `no answer from ${url.host} (${code === "" ? "it broke off" : code})`,
    cmd`check the name and the network: curl -I ${url.origin}/v2/`,
    cause,
  );
}

export function tooLongError(url: URL, limit: number): UnsprawlError {
  return new UnsprawlError("malformed", `${url.host} sends more than ${limit} bytes, too many for such a document`);
}
