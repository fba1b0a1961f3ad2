import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "azure-key-vault",
  scheme: "ref+azurekeyvault",
  addressVariables: ["AZURE_KEYVAULT_URL"],
  environment: {
    AZURE_KEYVAULT_URL: "The Azure key vault's address",
    "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET":
      "The Azure login; without them that of the Azure CLI or the machine",
  },
  asks: [{ key: "url", text: "Key vault", variables: ["AZURE_KEYVAULT_URL"], usual: "https://NAME.vault.azure.net" }],
  choice: {
    text: "Azure Key Vault, by AZURE_KEYVAULT_URL",
    needs: ["AZURE_KEYVAULT_URL"],
    preselected: [],
  },
  wrapsKeys: false,
  wraps: "azure_kv",
  inClusters: true,
};
