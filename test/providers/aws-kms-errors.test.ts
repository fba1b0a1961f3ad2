import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";

/** KMS as AWS JSON 1.1, which answers as the case says: what moto cannot be brought to say. */
let server: Server;
let answer: (action: string) => { readonly status: number; readonly type: string };
let dir: string;
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const QUOTED = randomBytes(12).toString("hex");

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-kms-"));
  server = createServer((request, response) => {
    const action = String(request.headers["x-amz-target"]).replace(/.*\./, "");
    request.resume().on("end", () => {
      const { status, type } = answer(action);
      const body =
        status === 200
          ? { CiphertextBlob: randomBytes(60).toString("base64"), KeyId: KEY, KeyMetadata: { KeyId: KEY, Arn: KEY } }
          : { __type: type, message: `said of ${QUOTED}` };
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

const keys = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: randomBytes(20).toString("hex") };
const open = (config: object = {}, env: { [name: string]: string } = keys): Promise<Provider> =>
  openSpec({
    provider: "aws-kms",
    config: {
      keyId: KEY,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...config,
    },
    env: { HOME: dir, ...env },
    dir,
  });
const failure = async (act: Promise<unknown>): Promise<UnsprawlError> => {
  const error = await act.then(
    () => null,
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(UnsprawlError);
  const said = `${inspect(error, { depth: 9 })} ${(error as UnsprawlError).hint}`;
  for (const secret of [QUOTED, keys.AWS_SECRET_ACCESS_KEY]) expect(said).not.toContain(secret);
  return error as UnsprawlError;
};

const CASES: readonly (readonly [type: string, status: number, code: string, hint: RegExp])[] = [
  [
    "AccessDeniedException",
    400,
    "denied",
    /"Action":"kms:Encrypt","Resource":"arn:aws:kms:eu-central-1:\d+:key\/1234abcd/,
  ],
  ["NotFoundException", 400, "config", /keyId/],
  ["DisabledException", 400, "denied", /enable-key/],
  ["KMSInvalidStateException", 400, "denied", /describe-key/],
  ["InvalidKeyUsageException", 400, "config", /symmetric/],
  ["ValidationException", 400, "config", /keyId/],
  ["UnrecognizedClientException", 400, "denied", /AWS_ACCESS_KEY_ID/],
  ["ExpiredTokenException", 400, "denied", /sign in again/],
  ["InvalidSignatureException", 400, "denied", /clock/],
  ["ThrottlingException", 400, "throttled", /later/],
  ["KMSInternalException", 500, "unreachable", /later/],
  ["KeyUnavailableException", 500, "unreachable", /later/],
  ["ServiceUnavailable", 503, "unreachable", /later/],
];
test.for(CASES)(
  "%s of a write is said as what it is, and nothing that KMS said is repeated",
  async ([type, status, code, hint]) => {
    answer = () => ({ status, type });
    const store = await open();
    const key = store.key({ subject: "api", project: "", name: "A" });
    const value = Secret.of(QUOTED);
    for (const act of [() => store.put(key, value, null, { runId: "r", subject: "api" }), () => store.get(key)]) {
      const error = await failure(act());
      expect([error.code, error.hint]).toEqual([code, expect.stringMatching(hint)]);
    }
    expect(readdirSync(join(dir, "secrets"))).toEqual([]);
  },
);

/** A file in the form of sops with one entry for KMS; its MAC is not reached. */
const file = (name: string, arn = KEY): string => {
  const path = join(dir, name);
  const entry = { arn, created_at: "2026-01-01T00:00:00Z", enc: randomBytes(90).toString("base64"), aws_profile: "" };
  writeFileSync(
    path,
    JSON.stringify({ A: "", sops: { kms: [entry], lastmodified: "2026-01-01T00:00:00Z", mac: "x" } }),
  );
  return path;
};
const READS: readonly (readonly [type: string, code: string, hint: RegExp])[] = [
  ["AccessDeniedException", "denied", /"Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-central-1/],
  ["InvalidCiphertextException", "malformed", /context/],
  ["IncorrectKeyException", "malformed", /backup/],
  ["ValidationException", "malformed", /backup/],
  ["NotFoundException", "config", /region/],
];
test.for(READS)("%s of a read", async ([type, code, hint]) => {
  answer = () => ({ status: 400, type });
  const store = await open({ file: "{subject}.json" });
  const error = await failure(store.get({ path: file("read.json"), field: "A" }));
  expect([error.code, error.hint]).toEqual([code, expect.stringMatching(hint)]);
});

test("KMS that opens something else than a data key is not believed", async () => {
  answer = () => ({ status: 200, type: "" });
  const store = await open({ file: "{subject}.json" });
  expect((await failure(store.get({ path: file("short.json"), field: "A" }))).code).toBe("malformed");
});

test("the check goes on without kms:DescribeKey, and names the right that the write lacks", async () => {
  answer = (action) =>
    action === "DescribeKey"
      ? { status: 400, type: "AccessDeniedException" }
      : { status: 400, type: "DisabledException" };
  const store = await open({ file: "check/{subject}.yaml" });
  expect(await store.check()).toMatchObject([
    { right: "reach", ok: true },
    { right: "authenticate", ok: true, text: expect.stringContaining("kms:DescribeKey") as string },
    { right: "write", ok: false, hint: expect.stringContaining("enable-key") as string },
  ]);
  expect(readdirSync(dir)).not.toContain("check");
  const reading = await open({ file: "check/{subject}.yaml", readOnly: true });
  expect((await reading.check()).map((line) => [line.right, line.ok])).toEqual([
    ["reach", true],
    ["authenticate", true],
  ]);
  answer = () => ({ status: 400, type: "NotFoundException" });
  expect(await store.check()).toMatchObject([
    { right: "reach", ok: true },
    { right: "authenticate", ok: false },
  ]);
});

test("without a reader's keys the policy that one needs is given; with a machine's role there are no files", async () => {
  answer = () => ({ status: 200, type: "" });
  const store = await open({ context: { App: "{subject}", Env: "prod" } });
  const error = await failure(store.issueReader());
  expect(error.code).toBe("denied");
  expect(error.hint).toContain('"Action":"kms:Decrypt"');
  expect(error.hint).toContain('"StringLike":{"kms:EncryptionContext:App":"*","kms:EncryptionContext:Env":"prod"}');
  const role = await (await open({ reader: { method: "default" } })).issueReader();
  expect(role.files).toEqual([]);
  expect(role.config).toMatchObject({
    keyId: KEY,
    region: "eu-central-1",
    readOnly: true,
    auth: { method: "default" },
  });
});

test("the policy allows kms:Decrypt on the key for one application's context, and names its file", async () => {
  answer = () => ({ status: 200, type: "" });
  const store = await open({ keyId: "alias/app", region: "eu-central-1", context: { App: "{subject}" } });
  const policy = await store.policy({ subject: "api", project: "shop" });
  expect(JSON.parse(policy.slice(0, policy.indexOf("\n#")))).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: KEY,
        Condition: { StringEquals: { "kms:EncryptionContext:App": "api" } },
      },
    ],
  });
  expect(policy).toContain(join(dir, "secrets/shop/api.sops.yaml"));
});

test("settings: the key from AWS's and SOPS's variables; what makes no sense is named", async () => {
  const spec = (config: object, env: { [name: string]: string } = {}): Promise<Provider> =>
    openSpec({ provider: "aws-kms", config: { ...config }, env, dir });
  for (const env of [{ AWS_KMS_KEY_ID: "alias/app" }, { SOPS_KMS_ARN: KEY }] as { [name: string]: string }[])
    expect((await spec({}, env)).target.settings).toMatchObject({
      keyId: Object.values(env)[0],
      file: join(dir, "secrets/{project/}{subject}.sops.yaml"),
    });
  expect((await spec({}, { SOPS_KMS_ARN: KEY })).target.settings).toMatchObject({ region: "eu-central-1" });
  const wrong: readonly object[] = [
    {},
    { keyId: "arn:aws:s3:::x" },
    { keyId: `${KEY},${KEY}` },
    { keyId: KEY, file: "all.env" },
    { keyId: KEY, context: "App:api" },
    { keyId: KEY, context: { App: 1 } },
    { keyId: KEY, context: { "aws:x": "y" } },
    { keyId: KEY, context: { App: "{subject}" }, file: "all.yaml" },
    { keyId: KEY, context: { "A=B": "y" }, file: "{subject}.env" },
    { keyId: KEY, age: ["nobody"] },
    { keyId: KEY, readOnly: "yes" },
  ];
  for (const config of wrong)
    await expect(spec(config), JSON.stringify(config)).rejects.toMatchObject({ code: "config" });
});

test("no region anywhere is said so", async () => {
  // The SDK looks into the process's own environment too.
  vi.stubEnv("AWS_REGION", undefined);
  vi.stubEnv("AWS_CONFIG_FILE", join(dir, "none"));
  const store = await open({ keyId: "alias/app" });
  const error = await failure(store.get(store.key({ subject: "x", project: "", name: "A" })));
  vi.unstubAllEnvs();
  expect([error.code, error.hint]).toEqual(["config", expect.stringContaining("AWS_REGION")]);
});
