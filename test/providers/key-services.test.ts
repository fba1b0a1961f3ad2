import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openConfigured } from "../../src/assembly/open-store.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { Secret } from "../../src/model/secret.ts";
import { makeVaultKey } from "../services/key-vault-keys.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { makeCryptoKey } from "../services/secret-manager-keys.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";

/**
 * SOPS files under keys of Cloud KMS and of a Key Vault, against doubles: no real service is to be had. What the real sops makes of
 * such entries is not shown here.
 */

let google: SecretManager;
let azure: KeyVault;
let dir: string;
let gcpKey: string;
beforeAll(async () => {
  [google, azure] = await Promise.all([startSecretManager(), startKeyVault()]);
  dir = mkdtempSync(join(tmpdir(), "unsprawl-key-services-"));
  gcpKey = makeCryptoKey(google.cryptoKeys, google.projectId, "app", [google.accounts.writer]);
  makeVaultKey(azure.keys, "app", ["writer"]);
});
afterAll(async () => {
  await Promise.all([google?.stop(), azure?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

type Env = { readonly [name: string]: string };
const asGoogle = (account: "writer" | "nobody" = "writer"): Env => google.env(account);
const asAzure = (client: "writer" | "nobody" = "writer"): Env => ({
  ...azure.env(client),
  AZURE_KEYVAULT_URL: azure.url,
});
const open = (folder: string, env: Env): Promise<Provider> =>
  openConfigured(
    "here",
    { provider: "local", dir, keys: { file: `${folder}-{subject}.sops.yaml` } },
    { HOME: dir, ...env },
  );
const keyOf = (store: Provider): ReturnType<Provider["key"]> => store.key({ subject: "api", project: "", name: "A" });
async function put(folder: string, rule: object, env: Env): Promise<string> {
  writeFileSync(join(dir, ".sops.yaml"), JSON.stringify({ creation_rules: [{ path_regex: `^${folder}-`, ...rule }] }));
  const store = await open(folder, env);
  await store.put(keyOf(store), Secret.of("a"), null, { runId: "r", subject: "api" });
  return readFileSync(keyOf(store).path, "utf8");
}
async function get(folder: string, env: Env): Promise<string | null> {
  const store = await open(folder, env);
  return (await store.get(keyOf(store)))?.value.expose().toString("utf8") ?? null;
}

test("Cloud KMS wraps the data key in sops's form and opens it by the login of the store's provider", async () => {
  const text = await put("gcp", { gcp_kms: gcpKey }, asGoogle());
  expect(text).toMatch(
    /gcp_kms:\n {8}- resource_id: \S+\n {10}created_at: "[\d-]{10}T[\d:]{8}Z"\n {10}enc: "?[\w+/=]+"?\n/,
  );
  expect(text).toContain(gcpKey);
  expect(await get("gcp", asGoogle())).toBe("a");
  await expect(get("gcp", asGoogle("nobody"))).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(/does not grant cloudkms\.cryptoKeyVersions\.useToDecrypt for projects\//) as string,
    hint: expect.stringMatching(/^gcloud kms keys add-iam-policy-binding projects\//) as string,
  });
  await expect(get("gcp", { GCE_METADATA_HOST: "127.0.0.1:1" })).rejects.toMatchObject({ code: "denied" });
});

test("a key of a Key Vault gets its version into the file, and opens it by the login of the store's provider", async () => {
  const text = await put("azure", { azure_keyvault: `${azure.url}/keys/app` }, asAzure());
  const version = azure.keys.get("app")?.version ?? "";
  expect(text).toMatch(/azure_kv:\n {8}- vault_url: \S+\n {10}name: app\n {10}version: \S+\n {10}created_at: /);
  expect(text).toContain(azure.url);
  expect(text).toContain(version);
  expect(text).toMatch(/enc: "?[\w-]{342}"?\n/);
  expect(await get("azure", asAzure())).toBe("a");
  await expect(get("azure", asAzure("nobody"))).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(/does not allow keys\/app\/\w+\/decrypt/) as string,
    hint: expect.stringMatching(/^az role assignment create --role 'Key Vault Crypto User'/) as string,
  });
});

test("both at once: each opens the file alone, and without either both are named", async () => {
  const rule = {
    key_groups: [{ gcp_kms: [{ resource_id: gcpKey }], azure_keyvault: [{ vaultUrl: azure.url, key: "app" }] }],
  };
  await put("both", rule, { ...asGoogle(), ...asAzure() });
  expect(await get("both", asGoogle())).toBe("a");
  expect(await get("both", { ...asAzure(), GCE_METADATA_HOST: "127.0.0.1:1" })).toBe("a");
  await expect(get("both", { ...asGoogle("nobody"), ...asAzure("nobody") })).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(
      /none of its keys can be used here \(gcp_kms projects\/.*; azure_kv https:\/\//,
    ) as string,
  });
});

test("no address that a file names gets a token: a Key Vault that is none of Azure's, a project that is a path", async () => {
  const { AZURE_KEYVAULT_URL: _, ...elsewhere } = asAzure();
  const asked = azure.log.length;
  await expect(get("azure", elsewhere)).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining("which is not one of Azure's") as string,
    hint: `export AZURE_KEYVAULT_URL=${azure.url}, if you trust it with your login`,
  });
  expect(azure.log.length).toBe(asked);
  const file = join(dir, "gcp-api.sops.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(gcpKey, "projects/x/../../v1/secrets/y"));
  const sent = google.log.length;
  await expect(get("gcp", asGoogle())).rejects.toMatchObject({ code: "malformed" });
  expect(google.log.length).toBe(sent);
});
