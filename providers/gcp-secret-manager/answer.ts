import { connectionFault, faultCode, serverCode } from "../../src/kit/net/fault.ts";
import { retryAfterMs } from "../../src/kit/net/backoff.ts";
import type { BufferedResponse } from "../../src/kit/net/client.ts";
import { member, objectIn, type JsonObject } from "../../src/kit/json-object.ts";

/** A successful answer, and the server's time, which alone decides how old a claim is. */
export type GcpAnswer = { readonly body: JsonObject; readonly at: number };

/** The safe part of a failed request. */
export class GcpFailure {
  /** 0 if there was no answer that could be understood. */
  readonly status: number;
  /** `NOT_FOUND`, `FAILED_PRECONDITION` (google.rpc.Code), or the code of a connection. */
  readonly code: string;
  /** `SERVICE_DISABLED`, `ACCESS_TOKEN_SCOPE_INSUFFICIENT` (google.rpc.ErrorInfo); empty if the service gives none. */
  readonly reason: string;
  /** How long the service asks to wait, in milliseconds; null if it does not say. */
  readonly retryAfter: number | null;
  /** The request may still have been carried out. */
  readonly unsure: boolean;

  constructor(status: number, code: string, reason = "", retryAfter: number | null = null) {
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.unsure = status >= 500 || (status === 0 && !NEVER_SENT.has(connectionFault(code)));
  }
}

const NEVER_SENT: ReadonlySet<string> = new Set([
  ...["refused", "unknown-name", "unreachable", "proxy", "other-name", "expired", "untrusted", "no-tls", "forbidden"],
]);

/** The code of a broken answer, or of one that is not this service's. */
export const NOT_JSON = "NOT_JSON";

/** What the service answered, reduced: its messages are not kept. */
export function answerOf({ status, headers, bytes, whole }: BufferedResponse): GcpAnswer | GcpFailure {
  const body = whole ? objectIn(bytes.toString("utf8")) : null;
  if (status >= 200 && status < 300) {
    const at = Date.parse(headers.date ?? "");
    return body === null ? new GcpFailure(0, NOT_JSON) : { body, at: Number.isNaN(at) ? Date.now() : at };
  }
  const error = member(body, "error");
  const details = Array.isArray(error?.["details"]) ? (error["details"] as unknown[]) : [];
  const reason = details.map((one) => serverCode(member({ one }, "one")?.["reason"])).find(Boolean) ?? "";
  return new GcpFailure(status, serverCode(error?.["status"]), reason, retryAfterMs(headers["retry-after"]));
}

/** Why there was no answer. */
export function noAnswer(error: unknown): GcpFailure {
  return new GcpFailure(0, faultCode(error) || "Error");
}
