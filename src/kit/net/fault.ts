/** Why a connection failed, as far as the error's code says. */
export type ConnectionFault =
  | "unknown-name"
  | "refused"
  | "unreachable"
  | "late"
  | "broken"
  | "proxy"
  | "other-name"
  | "expired"
  | "client-certificate"
  | "untrusted"
  | "no-tls"
  | "no-http"
  | "characters"
  | "forbidden"
  | "other";

/** The first match wins. */
const FAULTS: readonly (readonly [fault: ConnectionFault, code: RegExp])[] = [
  ["forbidden", /^EFORBIDDEN_ADDRESS$/],
  ["unknown-name", /^(?:ENOTFOUND|EAI_\w+)$/],
  ["refused", /^ECONNREFUSED$/],
  ["unreachable", /^(?:ENETUNREACH|EHOSTUNREACH|ENETDOWN)$/],
  ["late", /^(?:ETIMEDOUT|ECONNABORTED|ABORT_ERR)$/],
  ["broken", /^(?:ECONNRESET|EPIPE)$/],
  ["proxy", /PROXY/],
  ["other-name", /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/],
  ["expired", /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/],
  ["client-certificate", /ALERT_\w{0,20}(?:CERTIFICATE|UNKNOWN_CA)/],
  ["untrusted", /CERT|SELF_SIGNED|UNABLE_TO|ISSUER|SIGNATURE|CRL|INVALID_CA/],
  ["no-tls", /SSL|TLS|EPROTO/],
  ["no-http", /^HPE_/],
  ["characters", /^ERR_(?:INVALID|UNESCAPED)/],
];

export function connectionFault(code: string): ConnectionFault {
  return FAULTS.find(([, pattern]) => pattern.test(code))?.[0] ?? "other";
}

/** The code of a Node error, such as `ECONNREFUSED`, or an empty string. Its other fields may quote the request. */
export function faultCode(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "ETIMEDOUT";
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === "string") return /^\w{1,60}$/.test(code) ? code : "";
  return errors?.[0] === undefined ? "" : faultCode(errors[0]); // an AggregateError of several addresses
}

/**
 * A server's code for an error, such as `SecretNotFound` or `AKV10032`; empty for anything that could be a value which the
 * server repeats.
 */
export function serverCode(code: unknown): string {
  return typeof code === "string" && /^[A-Za-z_]{1,60}\d{0,6}$/.test(code) ? code : "";
}
