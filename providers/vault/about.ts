import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "vault",
  scheme: "ref+vault",
  addressVariables: ["VAULT_ADDR", "BAO_ADDR"],
  environment: {
    "VAULT_ADDR or BAO_ADDR": "Vault's or OpenBao's address",
    "VAULT_TOKEN or BAO_TOKEN": "The token (default: the one that vault login keeps)",
    "VAULT_NAMESPACE or BAO_NAMESPACE": "The namespace",
    "VAULT_CACERT or BAO_CACERT": "The CA that signed the server's certificate",
  },
  asks: [
    { key: "address", text: "Address", variables: ["VAULT_ADDR", "BAO_ADDR"], usual: "https://127.0.0.1:8200" },
    { key: "mount", text: "KV mount", usual: "secret" },
  ],
  choice: {
    text: "HashiCorp Vault or OpenBao, by VAULT_ADDR and VAULT_TOKEN",
    needs: [],
    preselected: ["VAULT_ADDR"],
  },
  wrapsKeys: false,
  wraps: "hc_vault",
  inClusters: true,
};
