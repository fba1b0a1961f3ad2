import type { Provider } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { readSecretFile } from "./credential.ts";
import { vaultName } from "./names.ts";
import { named, publicSettings, type AzureSettings } from "./settings.ts";

/**
 * The identity that the configuration names as its reader, for the OCI runtime. unsprawl has no right to create one in
 * a directory: without it throws `denied` with the commands for an operator.
 */
export async function issueReader(settings: AzureSettings): ReturnType<Provider["issueReader"]> {
  const { reader, url } = settings;
  if (reader === null)
    throw new UnsprawlError(
      "denied",
      "unsprawl makes no identities in Azure's directory for the runtime",
      cmd`az ad sp create-for-rbac --name unsprawl-runtime --role "Key Vault Secrets User" --scopes "$(az keyvault show --name ${vaultName(url)} --query id --output tsv)"; write its password to a file (0600), and set reader: { tenantId, clientId, clientSecretFile } in the store's configuration`,
    );
  const content = Secret.of(await readSecretFile(reader.clientSecretFile));
  const { reader: _, recover: __, ...shared } = publicSettings(settings);
  return {
    config: {
      ...shared,
      auth: { method: "client-secret", ...named({ ...reader, clientSecretFile: "{dir}/client-secret" }) },
    },
    files: [{ name: "client-secret", content }],
  };
}
