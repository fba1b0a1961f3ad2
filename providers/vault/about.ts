import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "vault",
  scheme: "ref+vault",
  addressVariables: ["VAULT_ADDR", "BAO_ADDR"],
  choice: {
    text: "HashiCorp Vault or OpenBao, by VAULT_ADDR and VAULT_TOKEN",
    needs: [],
    preselected: ["VAULT_ADDR"],
  },
  wrapsKeys: false,
  inClusters: true,
};
