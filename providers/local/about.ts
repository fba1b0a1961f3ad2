import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "local",
  scheme: "ref+sops",
  addressVariables: [],
  environment: {
    SOPS_AGE_KEY_FILE: "The age key that opens SOPS files",
    SOPS_AGE_RECIPIENTS: "The age keys that SOPS files are encrypted for",
  },
  asks: [{ key: "file", text: "SOPS file, one per container", usual: "secrets/{project/}{subject}.sops.yaml" }],
  choice: {
    text: "an encrypted SOPS file here, under an age key; needs no server",
    needs: [],
    preselected: "otherwise",
  },
  wrapsKeys: true,
  inClusters: false,
};
