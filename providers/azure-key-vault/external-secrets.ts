import type { ExternalSecretsForm } from "../../src/contract/provider.ts";

/** `AzureKVProvider`, by workload identity. */
export const externalSecrets: ExternalSecretsForm = {
  secretStore({ url }, _facts, fillIn) {
    const address = typeof url === "string" ? url : "";
    const { hostname } = new URL(address);
    const cloud = CLOUDS.find(([suffix]) => hostname.endsWith(suffix))?.[1];
    return {
      lines: [
        "azurekv:",
        "  authType: WorkloadIdentity",
        `  vaultUrl: ${JSON.stringify(address)}`,
        ...(cloud === undefined ? [] : [`  environmentType: ${cloud}`]),
        "  serviceAccountRef:",
        `    name: ${fillIn}`,
      ],
      note: [],
    };
  },
  remote(path) {
    // A pinned reference ends in the secret's version.
    const [key = path, version] = path.split("/");
    return { key, ...(version === undefined ? {} : { version }) };
  },
};

/** By the vault's host; source: `AzureEnvironmentType`. */
const CLOUDS: readonly (readonly [suffix: string, cloud: string])[] = [
  [".vault.azure.cn", "ChinaCloud"],
  [".vault.usgovcloudapi.net", "USGovernmentCloud"],
];
