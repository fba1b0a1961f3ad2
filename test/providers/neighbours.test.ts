import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto, type Moto } from "../services/moto.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";

// A value that is a field beside others, written by somebody else: those stay as they are, to the last digit.
// (KV version 2 of OpenBao rounds numbers itself, whoever writes them.)

const ORIGIN = { runId: "neighbours", subject: "web" };
/** As a program writes it, and as JavaScript would not. */
const BESIDE = '"id":12345678901234567890,"rate":1.10,"list":[1.0,{"n":9007199254740993}]';

let bao: OpenBao;
let moto: Moto;

beforeAll(async () => {
  [bao, moto] = await Promise.all([startOpenBao(), startMoto()]);
});
afterAll(() => Promise.all([bao?.stop(), moto?.stop()]));

async function inVault(method: "GET" | "POST", path: string, body?: string): Promise<string> {
  const answer = await fetch(`${bao.address}/v1/${path}`, {
    ...{ method, headers: { "X-Vault-Token": bao.token } },
    ...(body === undefined ? {} : { body }),
  });
  expect(answer.ok).toBe(true);
  return answer.text();
}

/** Puts, reads and removes a field, and reads the neighbours; `there` is the store's own text. */
async function live(store: Provider, path: string, there: () => Promise<string>): Promise<void> {
  const [key, value] = [{ path, field: "KEY" }, Secret.of(randomUUID())];
  await store.put(key, value, null, ORIGIN);
  for (const one of BESIDE.split(/,(?=")/)) expect(await there()).toContain(one);
  expect((await store.get(key))?.value.equals(value)).toBe(true);
  expect((await store.get({ path, field: "id" }))?.value.exposeText()).toBe("12345678901234567890");
  expect((await store.get({ path, field: "rate" }))?.value.exposeText()).toBe("1.10");
  expect(await store.remove(key, (found) => found.equals(value))).toBe(true);
  for (const one of BESIDE.split(/,(?=")/)) expect(await there()).toContain(one);
}

it("Vault, KV version 1", async () => {
  await bao.api("POST", "sys/mounts/one", { type: "kv", options: { version: "1" } });
  const store = await openSpec({
    ...{ provider: "vault", config: { mount: "one" }, dir: bao.dir },
    env: { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token },
  });
  await inVault("POST", "one/apps/web", `{${BESIDE}}`);
  await live(store, "apps/web", () => inVault("GET", "one/apps/web"));
});

it("Secrets Manager", async () => {
  const { SecretsManagerClient, CreateSecretCommand, GetSecretValueCommand } =
    await import("@aws-sdk/client-secrets-manager");
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = moto.env;
  const client = new SecretsManagerClient({
    ...{ endpoint: moto.url, region: moto.region, credentials: { accessKeyId, secretAccessKey } },
  });
  await client.send(new CreateSecretCommand({ Name: "apps/web", SecretString: `{${BESIDE}}` }));
  const store = await openSpec({ provider: "aws-secrets-manager", config: {}, env: moto.env, dir: moto.dir });
  await live(store, "apps/web", async () => {
    const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId: "apps/web" }));
    return SecretString;
  });
});
