import { expect, test } from "vitest";
import { connectionFault, faultCode, serverCode } from "../../../src/kit/net/fault.ts";

test.each([
  ["ENOTFOUND", "unknown-name"],
  ["EAI_AGAIN", "unknown-name"],
  ["ECONNREFUSED", "refused"],
  ["EHOSTUNREACH", "unreachable"],
  ["ETIMEDOUT", "late"],
  ["ABORT_ERR", "late"],
  ["ECONNRESET", "broken"],
  ["ERR_PROXY_TUNNEL", "proxy"],
  ["ERR_PROXY_INVALID_CONFIG", "proxy"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "other-name"],
  ["CERT_HAS_EXPIRED", "expired"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "client-certificate"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "untrusted"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "untrusted"],
  ["CERT_SIGNATURE_FAILURE", "untrusted"],
  ["EPROTO", "no-tls"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "no-tls"],
  ["HPE_INVALID_CONSTANT", "no-http"],
  ["ERR_INVALID_CHAR", "characters"],
  ["ESOMETHING", "other"],
  ["", "other"],
])("%s is %s", (code, fault) => {
  expect(connectionFault(code)).toBe(fault);
});

test("of an error the code is kept, and nothing that is no code", () => {
  const coded = (code: unknown): Error => Object.assign(new Error("what was sent"), { code });
  expect(faultCode(coded("ECONNRESET"))).toBe("ECONNRESET");
  expect(faultCode(new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]))).toBe("ECONNREFUSED");
  expect(faultCode(new DOMException("late", "TimeoutError"))).toBe("ETIMEDOUT");
  for (const other of [new Error("what was sent"), coded(7), coded("a text that quotes"), null, "text"])
    expect(faultCode(other)).toBe("");
});

test("of what a server calls an error, only a code is kept", () => {
  for (const code of ["AccessDeniedException", "PERMISSION_DENIED", "AKV10032", "AADSTS700016", "invalid_client"])
    expect(serverCode(code)).toBe(code);
  for (const other of ["a text that quotes", "x7Qd93kFz0pL", "4711", "half-a-value", 7, null])
    expect(serverCode(other)).toBe("");
});
