/** A cloud of Azure: which vaults are in it, where its directory logs in, and what tools call it. */
type AzureCloud = {
  readonly suffix: string;
  readonly authorityHost: string;
  /** For `az cloud set --name`. */
  readonly name: string;
  /** Source: External Secrets, `AzureEnvironmentType`. */
  readonly environmentType: string;
};

/**
 * The sovereign cloud that a vault is in, by its host; null for the public one. Sources: Key Vault's DNS suffixes in "Azure Key
 * Vault basic concepts"; Azure China developer guide (where MSAL sends the older login.chinacloudapi.cn too); `AzureAuthorityHosts` of @azure/identity.
 */
export function sovereignCloud(vault: string): AzureCloud | null {
  const { hostname } = new URL(vault);
  return CLOUDS.find(({ suffix }) => hostname.endsWith(suffix)) ?? null;
}

const CLOUDS: readonly AzureCloud[] = [
  {
    ...{ suffix: ".vault.azure.cn", authorityHost: "https://login.partner.microsoftonline.cn" },
    ...{ name: "AzureChinaCloud", environmentType: "ChinaCloud" },
  },
  {
    ...{ suffix: ".vault.usgovcloudapi.net", authorityHost: "https://login.microsoftonline.us" },
    ...{ name: "AzureUSGovernment", environmentType: "USGovernmentCloud" },
  },
];
