import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { externalSecrets, formOf, type WantedSecret } from "../../../migrations/kubernetes/external-secrets.ts";
import { providers, stores } from "../../../providers/index.ts";
import { externalSecretsOf } from "../../../src/assembly/open-store.ts";
import type { StoreTarget } from "../../../src/model/plan.ts";

const target = (provider: string, settings: StoreTarget["settings"]): StoreTarget => ({
  name: "it",
  provider,
  settings,
});
const wanted = (path: string, field: string, namespace: string | null = null): WantedSecret => ({
  name: "api-secrets",
  namespace,
  data: [{ secretKey: "DB_PASSWORD", remote: { path, field } }],
});
const inClusters = stores.flatMap((one) => (one.inClusters ? [one.name] : []));
const made = async (secrets: readonly WantedSecret[], of: StoreTarget, name: string, facts = {}): Promise<string> => {
  const form = await formOf(of, { externalSecrets: externalSecretsOf, inClusters });
  return externalSecrets(secrets, { form, settings: of.settings, facts }, name);
};
const login = { serviceAccountRef: { name: "change-me" } };

type Case = {
  readonly of: StoreTarget;
  readonly secret: WantedSecret;
  readonly kvVersion?: 1 | 2;
  readonly provider: object;
  readonly remoteRef: object;
};

/** Field names: external-secrets.io/v1, `SecretStoreProvider` and `ExternalSecretDataRemoteRef`. */
describe("what External Secrets is told", () => {
  it.each<Case>([
    {
      of: target("vault", { address: "https://vault:8200", mount: "kv/team", namespace: "ns1", caCert: "ca.pem" }),
      secret: wanted("apps/api", "DB_PASSWORD"),
      kvVersion: 1,
      provider: {
        vault: {
          server: "https://vault:8200",
          path: "kv/team",
          version: "v1",
          namespace: "ns1",
          caProvider: { type: "ConfigMap", name: "change-me", key: "ca.crt" },
          auth: { kubernetes: { mountPath: "kubernetes", role: "change-me", ...login } },
        },
      },
      remoteRef: { key: "apps/api", property: "DB_PASSWORD" },
    },
    {
      of: target("aws-secrets-manager", { region: "eu-central-1" }),
      secret: wanted("apps/api/DB_PASSWORD", ""),
      provider: { aws: { service: "SecretsManager", region: "eu-central-1", auth: { jwt: login } } },
      remoteRef: { key: "apps/api/DB_PASSWORD" },
    },
    {
      of: target("aws-ssm", { region: "eu-central-1" }),
      secret: wanted("/apps/api/DB_PASSWORD", ""),
      provider: { aws: { service: "ParameterStore", region: "eu-central-1", auth: { jwt: login } } },
      remoteRef: { key: "/apps/api/DB_PASSWORD" },
    },
    {
      of: target("azure-key-vault", { url: "https://team.vault.azure.net" }),
      secret: wanted("api-DB-PASSWORD", ""),
      provider: { azurekv: { authType: "WorkloadIdentity", vaultUrl: "https://team.vault.azure.net", ...login } },
      remoteRef: { key: "api-DB-PASSWORD" },
    },
    {
      of: target("azure-key-vault", { url: "https://team.vault.usgovcloudapi.net" }),
      secret: wanted(`api-DB-PASSWORD/${"0".repeat(32)}`, ""),
      provider: {
        azurekv: {
          authType: "WorkloadIdentity",
          vaultUrl: "https://team.vault.usgovcloudapi.net",
          environmentType: "USGovernmentCloud",
          ...login,
        },
      },
      remoteRef: { key: "api-DB-PASSWORD", version: "0".repeat(32) },
    },
    {
      of: target("gcp-secret-manager", { projectId: "417230985541" }),
      secret: wanted("api--DB_PASSWORD/3", ""),
      provider: { gcpsm: { projectID: "417230985541", auth: { workloadIdentity: login } } },
      remoteRef: { key: "api--DB_PASSWORD", version: "3" },
    },
  ])("$of.provider", async ({ of, secret, provider, remoteRef, kvVersion }) => {
    const facts = kvVersion === undefined ? {} : { kvVersion };
    expect(documents(await made([secret], of, "api-it", facts))).toEqual([
      {
        apiVersion: "external-secrets.io/v1",
        kind: "SecretStore",
        metadata: { name: "api-it" },
        spec: { provider },
      },
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: { name: "api-secrets" },
        spec: {
          refreshInterval: "1h",
          secretStoreRef: { kind: "SecretStore", name: "api-it" },
          target: { name: "api-secrets", creationPolicy: "Owner" },
          data: [{ secretKey: "DB_PASSWORD", remoteRef }],
        },
      },
    ]);
  });

  it("each namespace has a SecretStore", async () => {
    const secrets = [wanted("a", "A", "one"), wanted("b", "B", "two"), wanted("c", "C", "one")];
    const all = documents(await made(secrets, target("aws-ssm", { region: "x" }), "it"));
    const told = all.map((one) => {
      const { kind, metadata } = one as { kind: string; metadata: { namespace: string } };
      return `${kind} ${metadata.namespace}`;
    });
    expect(told.filter((one) => one.startsWith("SecretStore"))).toEqual(["SecretStore one", "SecretStore two"]);
    expect(told.filter((one) => one.startsWith("ExternalSecret"))).toHaveLength(3);
  });

  it.each(["local", "aws-kms", "keywhiz"])("%s is refused with the stores that would do", async (provider) => {
    await expect(made([wanted("a", "A")], target(provider, {}), "it")).rejects.toThrow(
      expect.objectContaining({ code: "refused", hint: expect.stringContaining("--to a store of vault") }),
    );
  });

  it("a store of AWS without a region is refused", async () => {
    await expect(made([wanted("a", "A")], target("aws-ssm", {}), "it")).rejects.toThrow("region is not set");
  });
});

it.each(Object.entries(providers))("%s says of itself whether External Secrets can read it", async (name, load) => {
  expect((await load()).provider.externalSecrets !== undefined).toBe(inClusters.includes(name));
});

function documents(text: string): unknown[] {
  return (parseAllDocuments(text) as { toJS(): unknown }[]).map((one) => one.toJS());
}
