import type { SubjectNames } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { mappedName, vaultName } from "./names.ts";
import type { AzureSettings } from "./settings.ts";

/** The vault's names for rights on its secrets, as in its access policies. */
export type SecretPermission = "get" | "list" | "set" | "delete" | "recover";

const SCOPE = "/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.KeyVault/vaults";

/**
 * The command that grants a missing right. `inner` is the vault's code of the refusal, which names its permission model; both
 * commands if it does not (learn.microsoft.com, "Common error codes for Azure Key Vault").
 */
export function deniedHint(right: SecretPermission, vault: string, inner: string): string {
  const role = right === "get" ? "Key Vault Secrets User" : "Key Vault Secrets Officer";
  const byRole = cmd`az role assignment create --role ${role} --assignee "<principal>" --scope "$(az keyvault show --name ${vault} --query id --output tsv)"`;
  const byPolicy = cmd`az keyvault set-policy --name ${vault} --object-id "<principal>" --secret-permissions ${bare(right === "get" ? "get" : "get list set delete recover")}`;
  if (inner === "ForbiddenByRbac") return byRole;
  if (inner === "ForbiddenByPolicy" || inner === "AccessDenied") return byPolicy;
  return `${byRole}; or, where the vault has access policies: ${byPolicy}`;
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

/** What whoever migrates needs, as access policies and as roles name it (Azure RBAC, Microsoft.KeyVault data actions). */
const MIGRATOR: { readonly [right in SecretPermission]: string } = {
  get: "getSecret/action",
  list: "readMetadata/action",
  set: "setSecret/action",
  delete: "delete",
  recover: "recover/action",
};

/**
 * A role for whoever migrates, and its assignment, in Bicep: to move and restore every secret of the vault. Rights on single
 * names do not exist for names that are not there yet.
 */
export function migratorPolicy({ url }: AzureSettings): string {
  const vault = vaultName(url);
  const rights = Object.keys(MIGRATOR).join(" ");
  return `// Moves and restores secrets of this vault (plan, migrate, rollback, scrub, rotate), and nothing else; never purges.
// az deployment group create --resource-group GROUP --template-file FILE --parameters principal=OBJECT-ID
// Where the vault has access policies instead: az keyvault set-policy --name ${vault} --object-id OBJECT-ID --secret-permissions ${rights}
param principal string

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: '${vault}'
}

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'unsprawl-migrate')
  properties: {
    roleName: 'unsprawl migrate (\${resourceGroup().name})'
    type: 'customRole'
    permissions: [
      {
        dataActions: [
${Object.values(MIGRATOR)
  .map((action) => `          'Microsoft.KeyVault/vaults/secrets/${action}'`)
  .join("\n")}
        ]
      }
    ]
    assignableScopes: [resourceGroup().id]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principal, role.id)
  properties: {
    principalId: principal
    roleDefinitionId: role.id
  }
}
`;
}
