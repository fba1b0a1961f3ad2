import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "keywhiz",
  scheme: "ref+keywhiz",
  addressVariables: ["KEYWHIZ_URL"],
  choice: {
    text: "Keywhiz, by KEYWHIZ_URL (retired upstream)",
    needs: ["KEYWHIZ_URL"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: false,
};
