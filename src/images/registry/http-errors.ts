import { bare, cmd } from "../../kit/shell.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { RegistryEndpoint } from "./hosts.ts";

/** Worth another try: the connection broke, or nothing came in time. */
export function isTransient(error: unknown): boolean {
  return (
    /^(?:ECONN(?:RESET|REFUSED|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENETDOWN)$/.test(
      codeOf(error),
    ) ||
    (error instanceof Error && error.name === "TimeoutError")
  );
}

/** The far side does not speak TLS, or not on this port. */
export function speaksNoTls(error: unknown): boolean {
  return error instanceof UnsprawlError && /EPROTO|ERR_SSL|ECONNRESET|ECONNREFUSED/.test(String(error.cause));
}

/** What went wrong on the way to a host, by its code alone: messages may quote what was sent. */
export function connectionError(error: unknown, url: URL, endpoint: RegistryEndpoint): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const code = codeOf(error);
  const cause = causeOf(error);
  if (/^(?:HPE_|ERR_INVALID)/.test(code))
    return new UnsprawlError("malformed", `${url.host} answers in no HTTP that can be read (${code})`, null, cause);
  if (/EPROTO|ERR_SSL/.test(code))
    return new UnsprawlError(
      "unreachable",
      `${url.host} does not speak TLS (${code})`,
      cmd`if it is meant to: add ${bare(JSON.stringify(endpoint.name))} to insecure-registries in the engine's daemon.json`,
      cause,
    );
  if (/CERT|SIGNATURE|ISSUER|ERR_TLS|CRL/.test(code))
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

export function tooLong(url: URL, limit: number): UnsprawlError {
  return new UnsprawlError("malformed", `${url.host} sends more than ${limit} bytes, which no such document has`);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "ETIMEDOUT";
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === "string") return code;
  return errors?.[0] === undefined ? "" : codeOf(errors[0]); // an AggregateError of several addresses
}
