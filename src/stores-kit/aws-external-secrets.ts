import type { ExternalSecretsForm } from "../contract/provider.ts";
import { yamlText } from "../kit/text/splice.ts";
import { UnsprawlError } from "../model/error.ts";

/** `AWSProvider`: one of AWS's services, by the service account's own token. */
export function awsExternalSecrets(service: "SecretsManager" | "ParameterStore"): ExternalSecretsForm {
  return {
    secretStore({ region, endpoint }, _facts, fillIn) {
      if (region === undefined)
        throw new UnsprawlError(
          "refused",
          "the store's region is not set, and a SecretStore must name it",
          "set region in the store's configuration, or AWS_REGION; then plan again",
        );
      return {
        lines: [
          "aws:",
          `  service: ${service}`,
          `  region: ${yamlText(typeof region === "string" ? region : "")}`,
          "  auth:",
          "    jwt:",
          "      serviceAccountRef:",
          `        name: ${fillIn}`,
        ],
        note:
          endpoint === undefined
            ? []
            : ["The store has a custom endpoint, which External Secrets takes from its controller's environment."],
      };
    },
  };
}
