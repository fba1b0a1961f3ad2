import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-ssm",
  scheme: "ref+awsssm",
  addressVariables: [],
  choice: {
    text: "AWS Parameter Store, by AWS's own environment",
    needs: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: true,
};
