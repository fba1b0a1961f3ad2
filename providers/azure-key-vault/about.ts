import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "azure-key-vault",
  scheme: "ref+azurekeyvault",
  addressVariables: ["AZURE_KEYVAULT_URL"],
  choice: {
    text: "Azure Key Vault, by AZURE_KEYVAULT_URL",
    needs: ["AZURE_KEYVAULT_URL"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: true,
};
