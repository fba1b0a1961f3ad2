import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "keywhiz",
  scheme: "ref+keywhiz",
  addressVariables: ["KEYWHIZ_URL"],
  environment: {
    KEYWHIZ_URL: "The Keywhiz server's address",
  },
  asks: [
    { key: "url", text: "Server", variables: ["KEYWHIZ_URL"], usual: "https://keywhiz:4444" },
    { key: "certFile", text: "File of the client's certificate", usual: "client.pem" },
    { key: "keyFile", text: "File of its key", usual: "client-key.pem" },
    { key: "caFile", text: "File of the server's CA (empty: the system's)", usual: "" },
  ],
  choice: {
    text: "Keywhiz, by KEYWHIZ_URL (retired upstream)",
    needs: ["KEYWHIZ_URL"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: false,
};
