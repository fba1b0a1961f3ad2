import type { ExternalSecretsForm } from "../../src/contract/provider.ts";
import { yamlText } from "../../src/kit/text/splice.ts";
import type { Json } from "../../src/model/json.ts";

/** `VaultProvider`: the KV engine by Kubernetes' login. */
export const externalSecrets: ExternalSecretsForm = {
  async facts({ kvVersion, mount }, open) {
    if (kvVersion === 1 || kvVersion === 2) return { kvVersion };
    // The store's policy has its paths in the form of the mount's version.
    const policy = await (await open()).policy({ subject: "subject", project: "project" });
    return { kvVersion: typeof mount === "string" && policy.includes(`"${mount}/data/`) ? 2 : 1 };
  },
  secretStore({ address, mount, namespace, caCert }, { kvVersion }, fillIn) {
    const ca =
      caCert === undefined ? [] : ["  caProvider:", "    type: ConfigMap", `    name: ${fillIn}`, "    key: ca.crt"];
    return {
      lines: [
        "vault:",
        `  server: ${JSON.stringify(text(address))}`,
        `  path: ${yamlText(text(mount))}`,
        `  version: v${kvVersion === 1 ? 1 : 2}`,
        ...(namespace === undefined ? [] : [`  namespace: ${yamlText(text(namespace))}`]),
        ...ca,
        "  auth:",
        "    kubernetes:",
        "      mountPath: kubernetes",
        `      role: ${fillIn}`,
        "      serviceAccountRef:",
        `        name: ${fillIn}`,
      ],
      note: ca.length === 0 ? [] : ["The ConfigMap of caProvider holds the CA that signed the server's certificate."],
    };
  },
};

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
