import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto, type Moto } from "../services/moto.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";

// References as vals takes them, read from stores: earlier versions, fields of documents, other names of a secret.

let bao: OpenBao;
let moto: Moto;

beforeAll(async () => {
  [bao, moto] = await Promise.all([startOpenBao(), startMoto()]);
});
afterAll(async () => {
  await Promise.all([bao?.stop(), moto?.stop()]);
});

const ORIGIN = { runId: "20261125-000000-test", subject: "web" };

async function read(store: Provider, reference: string): Promise<string | null> {
  const key = store.parse(reference);
  if (key === null) throw new Error(`${reference} is of another store`);
  // What a key says of itself leads back to it.
  expect(store.parse(store.reference(key))).toEqual(key);
  return (await store.get(key))?.value.exposeText() ?? null;
}

const credentials = (): { accessKeyId: string; secretAccessKey: string } => ({
  accessKeyId: moto.env["AWS_ACCESS_KEY_ID"] ?? "",
  secretAccessKey: moto.env["AWS_SECRET_ACCESS_KEY"] ?? "",
});

async function refusesToWrite(store: Provider, reference: string): Promise<void> {
  const key = store.parse(reference);
  if (key === null) throw new Error(`${reference} is of another store`);
  const { version = null } = (await store.get(key)) ?? {};
  await expect(store.put(key, Secret.of(randomUUID()), version, ORIGIN)).rejects.toMatchObject({ code: "refused" });
  await expect(store.remove(key, () => true)).rejects.toMatchObject({ code: "refused" });
}

it("a version of a Vault", async () => {
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token };
  const store = await openSpec({ provider: "vault", config: {}, env, dir: bao.dir });
  const [old, now] = [randomUUID(), randomUUID()];
  for (const KEY of [old, now]) await bao.api("POST", "secret/data/apps/web", { data: { KEY } });
  expect(await read(store, "ref+vault://secret/apps/web#/KEY")).toBe(now);
  expect(await read(store, "ref+vault://secret/apps/web?version=1#/KEY")).toBe(old);
  expect(await read(store, "ref+vault://secret/apps/web?version=7#/KEY")).toBeNull();
  await refusesToWrite(store, "ref+vault://secret/apps/web?version=1#/KEY");
});

it("a Vault without versions says so", async () => {
  await bao.api("POST", "sys/mounts/one", { type: "kv", options: { version: "1" } });
  await bao.api("POST", "one/web", { KEY: randomUUID() });
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token };
  const store = await openSpec({ provider: "vault", config: { mount: "one" }, env, dir: bao.dir });
  await expect(read(store, "ref+vault://one/web?version=1#/KEY")).rejects.toMatchObject({ code: "refused" });
});

it("versions, fields and ARNs of a Secrets Manager", async () => {
  const store = await openSpec({ provider: "aws-secrets-manager", config: {}, env: moto.env, dir: moto.dir });
  const { SecretsManagerClient, CreateSecretCommand, PutSecretValueCommand } =
    await import("@aws-sdk/client-secrets-manager");
  const client = new SecretsManagerClient({ endpoint: moto.url, region: moto.region, credentials: credentials() });
  const [old, now] = [randomUUID(), randomUUID()];
  const text = (password: string): string => JSON.stringify({ db: { password }, "a/b": "literal" });
  const made = await client.send(new CreateSecretCommand({ Name: "shop/web", SecretString: text(old) }));
  await client.send(new PutSecretValueCommand({ SecretId: "shop/web", SecretString: text(now) }));
  expect(await read(store, "ref+awssecrets://shop/web#/db/password")).toBe(now);
  expect(await read(store, "ref+awssecrets://shop/web#/a%2Fb")).toBe("literal");
  expect(await read(store, "ref+awssecrets://shop/web?version_stage=AWSPREVIOUS#/db/password")).toBe(old);
  expect(await read(store, `ref+awssecrets://shop/web?version_id=${made.VersionId}#/db/password`)).toBe(old);
  expect(await read(store, `ref+awssecrets://${made.ARN}#/db/password`)).toBe(now);
  const omitted: string[] = [];
  const listed = await store.list("shop/web", (path) => void omitted.push(path));
  expect([listed, omitted]).toEqual([[{ path: "shop/web", field: "a/b" }], ["shop/web"]]);
  await refusesToWrite(store, "ref+awssecrets://shop/web?version_stage=AWSPREVIOUS#/db/password");
  await refusesToWrite(store, "ref+awssecrets://shop/web#/db/password");
  expect(await read(store, "ref+awssecrets://shop/web#/db/password")).toBe(now);
});

it("versions and documents of a Parameter Store", async () => {
  const store = await openSpec({ provider: "aws-ssm", config: {}, env: moto.env, dir: moto.dir });
  const key = { path: "/shop/doc", field: "" };
  const [old, now] = [randomUUID(), randomUUID()];
  const text = (password: string): Secret => Secret.of(`db:\n  password: ${password}\n`);
  const { version } = await store.put(key, text(old), null, ORIGIN);
  await store.put(key, text(now), version, ORIGIN);
  expect(await read(store, "ref+awsssm://shop/doc?mode=singleparam#/db/password")).toBe(now);
  expect(await read(store, "ref+awsssm://shop/doc?mode=singleparam&version=1#/db/password")).toBe(old);
  expect(await read(store, "ref+awsssm://shop#/doc")).toBe(text(now).exposeText());
  const field = { path: "/shop/doc", field: "db/password" };
  expect((await store.earlier?.(field, (value) => value.equals(Secret.of(old))))?.exposeText()).toBe(old);
  // A name that merely begins alike is not below the path.
  await store.put({ path: "/shop/doc-admin", field: "" }, text(now), null, ORIGIN);
  await store.put({ path: "/shop/doc/more", field: "" }, text(now), null, ORIGIN);
  const { PutParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient({ endpoint: moto.url, region: moto.region, credentials: credentials() });
  await client.send(new PutParameterCommand({ Name: "/shop/doc/several", Value: "a,b", Type: "StringList" }));
  const omitted: string[] = [];
  const listed = await store.list("/shop/doc", (path) => void omitted.push(path));
  expect(listed.map(({ path }) => path)).toEqual(["/shop/doc", "/shop/doc/more"]);
  expect(omitted).toEqual(["/shop/doc/several"]);
  await refusesToWrite(store, "ref+awsssm://shop/doc?version=1");
  await refusesToWrite(store, "ref+awsssm://shop/doc?mode=singleparam#/db/password");
});
