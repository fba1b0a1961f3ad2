import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-kms",
  scheme: "ref+sops",
  addressVariables: [],
  choice: null,
  wrapsKeys: true,
  inClusters: false,
};
