import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-secrets-manager",
  scheme: "ref+awssecrets",
  addressVariables: [],
  choice: {
    text: "AWS Secrets Manager, by AWS's own environment",
    needs: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: true,
};
