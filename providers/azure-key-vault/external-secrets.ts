import type { ExternalSecretsForm } from "../../src/contract/provider.ts";
import { sovereignCloud } from "./clouds.ts";

/** `AzureKVProvider`, by workload identity. */
export const externalSecrets: ExternalSecretsForm = {
  secretStore({ url }, _facts, fillIn) {
    const address = typeof url === "string" ? url : "";
    const cloud = sovereignCloud(address)?.environmentType;
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
