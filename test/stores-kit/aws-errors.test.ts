import { inspect } from "node:util";
import { expect, test } from "vitest";
import { awsError } from "../../src/stores-kit/aws-errors.ts";

const ACT = { action: "ssm:PutParameter", resource: "arn:aws:ssm:*:*:parameter/apps/a", store: "the Parameter Store" };
const VALUE = "value-that-was-sent-4711";

const thrown = (name: string, more: object = {}): Error =>
  Object.assign(new Error(`refused ${VALUE}`), {
    name,
    $metadata: { httpStatusCode: 400 },
    request: { body: VALUE },
    ...more,
  });

test.each<[what: string, error: unknown, code: string, hint: RegExp]>([
  ["no right", thrown("AccessDeniedException"), "denied", /"Action":"ssm:PutParameter".*parameter\/apps\/a/],
  ["a page of a proxy", thrown("SyntaxError", { $metadata: {}, $response: { statusCode: 403 } }), "denied", /"Action"/],
  ["an unknown key", thrown("UnrecognizedClientException"), "denied", /AWS_ACCESS_KEY_ID/],
  ["a session that ended", thrown("ExpiredTokenException"), "denied", /aws sso login/],
  ["a clock that is wrong", thrown("RequestTimeTooSkewed"), "denied", /clock/],
  ["a wrong secret key", thrown("InvalidSignatureException"), "denied", /secret key/],
  ["nobody", thrown("CredentialsProviderError"), "denied", /AWS_PROFILE/],
  ["too much", thrown("ThrottlingException"), "throttled", /later/],
  ["429 of a proxy", thrown("Unknown", { $metadata: { httpStatusCode: 429 } }), "throttled", /later/],
  ["nobody there", thrown("Error", { code: "ECONNREFUSED", $metadata: {} }), "unreachable", /AWS_ENDPOINT_URL/],
  [
    "nobody there, by two addresses",
    thrown("AggregateError", { errors: [{ code: "ECONNREFUSED" }] }),
    "unreachable",
    /endpoint/,
  ],
  ["no such host", thrown("Error", { code: "ENOTFOUND" }), "unreachable", /region/],
  ["an unknown CA", thrown("Error", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }), "unreachable", /NODE_EXTRA_CA_CERTS/],
  [
    "another host's certificate",
    thrown("Error", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
    "unreachable",
    /host's name/,
  ],
  ["silence", thrown("TimeoutError", { $metadata: {} }), "unreachable", /network/],
  ["failed on its side", thrown("InternalServerError", { $metadata: { httpStatusCode: 500 } }), "unreachable", /later/],
  ["no region", Object.assign(new Error("Region is missing"), { name: "Error" }), "config", /AWS_REGION/],
  ["anything else", thrown("ValidationException"), "failed", /stores check/],
  ["a value for a name", thrown(VALUE), "failed", /stores check/],
  ["a value behind a name", thrown(`ValidationException#${VALUE}`), "failed", /stores check/],
])("%s", (_what, error, code, hint) => {
  const reduced = awsError(error, ACT);
  expect(reduced.code).toBe(code);
  expect(reduced.hint).toMatch(hint);
  expect(`${inspect(reduced, { depth: 9 })} ${JSON.stringify(reduced)} ${String(reduced.cause)}`).not.toContain(VALUE);
});
