import { expect, test } from "vitest";
import { verify, verifyAll, type VerifyOptions } from "../../src/verify/index.ts";
import { sign } from "../../src/kit/net/sigv4.ts";
import { kit } from "../../src/detect/rules/kit.ts";
import { replying, withDouble } from "./double.ts";
import { itemOf, SAMPLES, type Sample } from "./samples.ts";

const never = new AbortController().signal;
const options = (aws?: string): VerifyOptions => ({
  timeoutMs: 60_000,
  concurrency: 4,
  endpoints: aws === undefined ? {} : { aws },
  env: {},
});

const { live: LIVE } = SAMPLES["aws"] as Sample;

const make = kit(7);
const KEYS = {
  AWS_ACCESS_KEY_ID: `AKIA${make.base32(16)}`,
  AWS_SECRET_ACCESS_KEY: make.base62(40),
};

test("signs as the documentation's own example", () => {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html (Signature Version 4 test suite)
  const headers = sign({
    method: "GET",
    host: "iam.amazonaws.com",
    path: "/",
    query: "Action=ListUsers&Version=2010-05-08",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: "",
    region: "us-east-1",
    service: "iam",
    id: ["AKID", "EXAMPLE"].join(""),
    secret: ["wJalrXUtnFEMI/K7MDENG+", "bPxRfiCYEXAMPLEKEY"].join(""),
    token: null,
    now: new Date("2015-08-30T12:36:00Z"),
  });
  expect(headers["authorization"]?.split("Signature=")[1]).toBe(
    ["5d672d79c15b13162d9279b0855cfba6", "789a8edb4c82c400e06b5924a6f2b5d7"].join(""),
  );
});

test("asks once for both halves of a pair, and sends no secret", async () => {
  const id = itemOf("aws-access-key-id", "AWS_ACCESS_KEY_ID", KEYS.AWS_ACCESS_KEY_ID, KEYS);
  const secret = itemOf("aws-secret-access-key", "AWS_SECRET_ACCESS_KEY", KEYS.AWS_SECRET_ACCESS_KEY, KEYS);
  await withDouble(replying(LIVE), async ({ url, host, received }) => {
    const said = await verifyAll([id, secret], options(url), never, () => {});
    expect(said.map(({ state }) => state)).toEqual(["live", "live"]);
    expect(received).toHaveLength(1);
    expect(received[0]).toContain(`Credential=${KEYS.AWS_ACCESS_KEY_ID}/`);
    expect(received[0]).toContain(`host: ${host}`);
    expect(received[0]).not.toContain(KEYS.AWS_SECRET_ACCESS_KEY);
    expect(received[0]).toContain("Action=GetCallerIdentity&Version=2011-06-15");
  });
});

test("a temporary key goes with its token", async () => {
  const token = `IQoJb3JpZ2luX2Vj${make.base62(200)}`;
  const temporary = { ...KEYS, AWS_ACCESS_KEY_ID: `ASIA${make.base32(16)}` };
  const item = itemOf("aws-access-key-id", "AWS_ACCESS_KEY_ID", temporary.AWS_ACCESS_KEY_ID, temporary);
  expect(await verify(item, options(), never)).toEqual({
    state: "unknown",
    why: "needs the session token beside it",
  });
  const whole = { ...temporary, AWS_SESSION_TOKEN: token };
  await withDouble(replying(LIVE), async ({ url, received }) => {
    for (const [rule, name] of [
      ["aws-access-key-id", "AWS_ACCESS_KEY_ID"],
      ["aws-session-token", "AWS_SESSION_TOKEN"],
    ] as const)
      expect((await verify(itemOf(rule, name, whole[name], whole), options(url), never)).state).toBe("live");
    expect(received[1]).toContain(`x-amz-security-token: ${token}`);
  });
});

test("who answers in XML, as documented, is AWS as well", async () => {
  const item = itemOf("aws-access-key-id", "AWS_ACCESS_KEY_ID", KEYS.AWS_ACCESS_KEY_ID, KEYS);
  const xml = (account: string): string =>
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Account>${account}</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>`;
  for (const [account, state] of [
    ["1".repeat(12), "live"],
    ["", "unknown"],
  ] as const)
    await withDouble(replying({ status: 200, body: xml(account) }), async ({ url }) => {
      expect((await verify(item, options(url), never)).state).toBe(state);
    });
});

test.each([
  ['{"Error":{"Code":"ExpiredToken"}}', "dead"],
  ['{"Error":{"Code":"AccessDenied"}}', "unknown"],
  ["<Code>SignatureDoesNotMatch</Code>", "dead"],
  ["<Code>ExpiredToken</Code>", "dead"],
  ["<Code>SignatureDoesNotMatch</Code><Message>Signature expired: now is later</Message>", "unknown"],
  ["<Code>AccessDenied</Code>", "unknown"],
])("%s: %s", async (body, state) => {
  const item = itemOf("aws-access-key-id", "AWS_ACCESS_KEY_ID", KEYS.AWS_ACCESS_KEY_ID, KEYS);
  await withDouble(replying({ status: 403, body }), async ({ url }) => {
    expect((await verify(item, options(url), never)).state).toBe(state);
  });
});

test.each([
  [
    "another beginning of the names",
    { BACKUP_SECRET_ACCESS_KEY: KEYS.AWS_SECRET_ACCESS_KEY },
    /needs the secret access key/,
  ],
  ["a secret of another shape", { AWS_SECRET_ACCESS_KEY: "minio123" }, /not one of AWS/],
  ["a server of one's own", { ...KEYS, S3_ENDPOINT: "http://minio:9000" }, /names a server that is not AWS's/],
])("%s: not asked", async (_, others, why) => {
  const item = itemOf("aws-access-key-id", "AWS_ACCESS_KEY_ID", KEYS.AWS_ACCESS_KEY_ID, others);
  expect(await verify(item, options(), never)).toEqual({ state: "unknown", why: expect.stringMatching(why) as string });
});
