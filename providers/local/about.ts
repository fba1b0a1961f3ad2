import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "local",
  scheme: "ref+sops",
  addressVariables: [],
  choice: {
    text: "an encrypted SOPS file here, under an age key; needs no server",
    needs: [],
    preselected: "otherwise",
  },
  wrapsKeys: true,
  inClusters: false,
};
