import type { SubjectNames } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { mappedName, vaultName } from "./names.ts";
import type { AzureSettings } from "./settings.ts";

/** The vault's names for rights on its secrets, as in its access policies. */
export type SecretPermission = "get" | "list" | "set" | "delete" | "recover";

const SCOPE = "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.KeyVault/vaults";

/** The command that grants a missing right, for both permission models of a vault. */
export function deniedHint(right: SecretPermission, vault: string): string {
  const role = right === "get" ? "Key Vault Secrets User" : "Key Vault Secrets Officer";
  return [
    cmd`az role assignment create --role ${role} --assignee "<principal>" --scope "$(az keyvault show --name ${vault} --query id --output tsv)"`,
    cmd`or, where the vault has access policies: az keyvault set-policy --name ${vault} --object-id "<principal>" --secret-permissions ${bare(right === "get" ? "get" : "get list set delete recover")}`,
  ].join("; ");
}

/** The commands that let one application read its secrets. */
export function readerPolicy(names: SubjectNames, { url, name }: AzureSettings): string {
  const vault = vaultName(url);
  return [
    `# With Azure RBAC: one line for each secret; NAME stands for the variable's, in which _ is - (DB-PASSWORD).`,
    `az role assignment create --role "Key Vault Secrets User" --assignee "<principal>" --scope "${SCOPE}/${vault}/secrets/${mappedName(name, { ...names, name: "NAME" })}"`,
    `# With access policies, which cannot select single secrets: this lets it read the whole vault.`,
    `az keyvault set-policy --name ${vault} --object-id "<principal>" --secret-permissions get`,
  ].join("\n");
}
