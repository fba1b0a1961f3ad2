import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { makeKey } from "./aws-kms-world.ts";
import { fresh, ORIGIN } from "./vault-plain.ts";

// The policy of whoever migrates, on a server that asks for rights: without one of its actions something fails. moto looks at
// actions alone, so resources and conditions are only compared as texts.

type Statement = { readonly Action: readonly string[]; readonly Resource: string; readonly Condition?: object };
const SERVICES = ["kms", "secretsmanager", "ssm"] as const;
const PROVIDERS = { kms: "aws-kms", secretsmanager: "aws-secrets-manager", ssm: "aws-ssm" } as const;
/** What AWS asks for and moto does not (the service authorization reference): tags of what is created. */
const NOT_ASKED_FOR = ["secretsmanager:TagResource", "ssm:AddTagsToResource"];

let moto: Moto;
const configs: { [service: string]: { readonly [key: string]: Json } } = {};
const policies: { [service: string]: readonly Statement[] } = {};
/** Keys of users with all of a policy's actions, and with all but one. */
const whole: { [service: string]: AwsKeys } = {};
const without: { [action: string]: AwsKeys } = {};
/** The same without one, without two, and without any of them. */
const lacking: { [service: string]: { readonly actions: readonly string[]; readonly keys: AwsKeys }[] } = {};

beforeAll(async () => {
  moto = await startMoto();
  configs["kms"] = { keyId: await makeKey(moto), file: "secrets/{subject}.sops.yaml", context: { App: "{subject}" } };
  configs["secretsmanager"] = {};
  configs["ssm"] = {};
  for (const service of SERVICES) {
    const store = await openSpec({
      provider: PROVIDERS[service],
      config: configs[service] ?? {},
      env: moto.env,
      dir: moto.dir,
    });
    const { Statement } = JSON.parse((await store.writerPolicy?.()) ?? "") as { Statement: readonly Statement[] };
    policies[service] = Statement;
    const actions = Statement.flatMap(({ Action }) => Action).filter((action) => action.startsWith(`${service}:`));
    const user = (some: readonly string[]): Promise<AwsKeys> =>
      moto.user({ Effect: "Allow", Action: some, Resource: "*" });
    whole[service] = await user(actions);
    for (const action of actions) without[action] = await user(actions.filter((one) => one !== action));
    const asked = actions.filter((action) => !NOT_ASKED_FOR.includes(action));
    const pairs = asked.flatMap((one, at) => asked.slice(at + 1).map((other) => [one, other]));
    const sets = [...asked.map((one) => [one]), ...pairs, asked];
    lacking[service] = [];
    for (const set of sets) {
      const kept = actions.filter((one) => !set.includes(one));
      lacking[service].push({ actions: set, keys: await user(kept.length > 0 ? kept : ["sts:GetCallerIdentity"]) });
    }
  }
  await moto.enforce();
});
afterAll(() => moto?.stop());

const open = (service: string, keys: AwsKeys | undefined, url = moto.url): Promise<Provider> =>
  openSpec({
    provider: PROVIDERS[service as keyof typeof PROVIDERS],
    config: configs[service] ?? {},
    env: { HOME: moto.dir, AWS_REGION: moto.region, AWS_ENDPOINT_URL: url, ...keys },
    dir: moto.dir,
  });

/** The same, with the answer to the first parameter lost on the way: whether it was ours is then asked. */
async function lived(service: string, keys: AwsKeys | undefined): Promise<void> {
  const proxy = await faultProxy(moto.url);
  try {
    proxy.fault({ kind: "lost" }, 1, ({ body }) => (body.split("\n", 1)[0] ?? "").includes("PutParameter"));
    await live(await open(service, keys, proxy.url));
  } finally {
    await proxy.stop();
  }
}

let subjects = 0;
/** The life of a value: written, read, replaced, its earlier version read, removed, and written again. */
async function live(store: Provider): Promise<void> {
  const key = store.key({ subject: `app-${++subjects}`, project: "", name: "DB_PASSWORD" });
  const beside = store.key({ subject: `app-${subjects}`, project: "", name: "API_KEY" });
  const [first, second, last] = [fresh(), fresh(), fresh()];
  const { version } = await store.put(key, first, null, ORIGIN);
  await store.put(beside, first, null, ORIGIN);
  const { version: next } = await store.put(key, second, version, ORIGIN);
  await store.put(key, last, next, ORIGIN);
  if (!(await store.get(key))?.value.equals(last)) throw new Error("another value came back");
  if (store.earlier !== undefined) {
    const found: Secret | null = await store.earlier(key, (one) => one.equals(first));
    if (found === null) throw new Error("the earlier value is not found");
  }
  for (const [one, value] of [
    [key, last],
    [beside, first],
  ] as const)
    await store.remove(one, (held) => held.equals(value), true);
  if ((await store.get(key)) !== null) throw new Error("it is still there");
  await store.put(key, first, null, ORIGIN);
}

describe.each(SERVICES)("%s", (service) => {
  test("its actions suffice for a value's life and for the check", async () => {
    const store = await open(service, whole[service]);
    await lived(service, whole[service]);
    expect((await store.check()).filter(({ ok }) => !ok)).toEqual([]);
  });

  test("without any one of them something fails", async () => {
    const needless: string[] = [];
    for (const [action, keys] of Object.entries(without)) {
      if (!action.startsWith(`${service}:`)) continue;
      const done = await lived(service, keys).then(
        () => true,
        () => false,
      );
      if (done) needless.push(action);
    }
    expect(needless).toEqual(NOT_ASKED_FOR.filter((action) => action.startsWith(`${service}:`)));
  });
});

describe.each(SERVICES)("the check of %s", (service) => {
  test("names all that is missing at once, and leaves nothing", async () => {
    expect(lacking[service]?.length).toBeGreaterThan(service === "kms" ? 2 : 8);
    for (const { actions, keys } of lacking[service] ?? []) {
      const failed = (await (await open(service, keys)).check()).filter(({ ok }) => !ok);
      const text = failed.map((line) => line.text).join("\n");
      const creates = actions.find((one) => /:(?:CreateSecret|PutParameter)$/.test(one));
      const mayDelete = !actions.some((one) => /:Delete/.test(one));
      for (const action of actions)
        if (action === creates && !mayDelete) expect(text).toContain("creating a secret was not tried");
        else expect(text).toContain(action);
      const named = text.match(/\b(?:secretsmanager|ssm|kms):\w+/g) ?? [];
      expect(named.filter((one) => !actions.includes(one))).toEqual([]);
    }
    const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = moto.env;
    const left = await (await open(service, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })).list("");
    expect(left.map(({ path }) => path).filter((path) => path.includes("unsprawl-check"))).toEqual([]);
  });
});

test("each is about this store's names alone, and the check asks for no other", async () => {
  const [secrets, parameters] = [policies["secretsmanager"]?.[0], policies["ssm"]?.[0]];
  expect(secrets?.Resource).toBe(`arn:aws:secretsmanager:${moto.region}:*:secret:apps/*`);
  expect(parameters?.Resource).toBe(`arn:aws:ssm:${moto.region}:*:parameter/apps/*`);
  expect(policies["kms"]).toEqual([
    {
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:Encrypt"],
      Resource: configs["kms"]?.["keyId"],
      Condition: { StringLike: { "kms:EncryptionContext:App": "*" } },
    },
  ]);
  for (const service of ["secretsmanager", "ssm"]) {
    const proxy = await faultProxy(moto.url);
    const asked: string[] = [];
    proxy.fault({ kind: "reset" }, 1, ({ body }) => {
      const { SecretId, Name } = JSON.parse(body.slice(body.indexOf("{")) || "{}") as {
        SecretId?: string;
        Name?: string;
      };
      asked.push((SecretId ?? Name ?? "none").replace(/^\//, ""));
      return false;
    });
    await (await open(service, whole[service], proxy.url)).check();
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((name) => !name.startsWith("apps/"))).toEqual([]);
    await proxy.stop();
  }
});
