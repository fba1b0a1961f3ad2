import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";
import { ORIGIN } from "./keywhiz-world.ts";

// Keys that another program puts into files end, and new ones follow, while a store stays open.

const KEY = { subject: "api", project: "", name: "DB_PASSWORD" };
const STORES: readonly (readonly [provider: string, action: string])[] = [
  ["aws-secrets-manager", "secretsmanager:*"],
  ["aws-ssm", "ssm:*"],
  ["aws-kms", "kms:*"],
];

let moto: Moto;
let good: AwsKeys;
const ended: AwsKeys = { AWS_ACCESS_KEY_ID: "AKIDENDED", AWS_SECRET_ACCESS_KEY: "ended" };
const configs: { [provider: string]: { readonly [key: string]: Json } } = {};
const keys: { [provider: string]: StoreKey } = {};

const issue = (given: AwsKeys): void => {
  writeFileSync(join(moto.dir, "id"), given.AWS_ACCESS_KEY_ID, { mode: 0o600 });
  writeFileSync(join(moto.dir, "secret"), given.AWS_SECRET_ACCESS_KEY, { mode: 0o600 });
};

beforeAll(async () => {
  moto = await startMoto();
  const actions = STORES.map(([, action]) => action);
  good = await moto.user({ Effect: "Allow", Action: actions, Resource: "*" });
  const { KMSClient, CreateKeyCommand } = await import("@aws-sdk/client-kms");
  const credentials = { accessKeyId: good.AWS_ACCESS_KEY_ID, secretAccessKey: good.AWS_SECRET_ACCESS_KEY };
  const client = new KMSClient({ endpoint: moto.url, region: moto.region, credentials });
  configs["aws-kms"] = { keyId: (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "" };
  for (const [provider] of STORES) {
    const store = await openSpec({
      provider,
      config: configs[provider] ?? {},
      env: { ...moto.env, ...good },
      dir: moto.dir,
    });
    keys[provider] = store.key(KEY);
    await store.put(store.key(KEY), Secret.of("a value"), null, ORIGIN);
  }
  await moto.enforce();
});
afterAll(() => moto?.stop());

test.for(STORES)(
  "%s: keys that end are denied, and the new ones in their files are used from then on",
  async ([provider]) => {
    const auth = { method: "keys", accessKeyIdFile: "id", secretAccessKeyFile: "secret" };
    const env = { HOME: moto.dir, AWS_ENDPOINT_URL: moto.url, AWS_REGION: moto.region };
    const store = await openSpec({ provider, config: { ...configs[provider], auth }, env, dir: moto.dir });
    const key = keys[provider] ?? store.key(KEY);
    for (let round = 0; round < 2; round++) {
      issue(good);
      expect((await store.get(key))?.value).toEqual(Secret.of("a value"));
      issue(ended);
      await expect(store.get(key)).rejects.toMatchObject({ code: "denied" });
    }
  },
);
