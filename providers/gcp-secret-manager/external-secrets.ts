import type { ExternalSecretsForm } from "../../src/contract/provider.ts";
import { yamlText } from "../../src/kit/text/splice.ts";

/** `GCPSMProvider`, by workload identity. */
export const externalSecrets: ExternalSecretsForm = {
  secretStore({ projectId, endpoint }, _facts, fillIn) {
    return {
      lines: [
        "gcpsm:",
        `  projectID: ${yamlText(typeof projectId === "string" ? projectId : "")}`,
        "  auth:",
        "    workloadIdentity:",
        "      serviceAccountRef:",
        `        name: ${fillIn}`,
      ],
      note: endpoint === undefined ? [] : ["The store has a custom endpoint, which External Secrets cannot use."],
    };
  },
  remote(path) {
    // A pinned reference ends in the secret's version.
    const [key = path, version] = path.split("/");
    return { key, ...(version === undefined ? {} : { version }) };
  },
};
