import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-ssm",
  scheme: "ref+awsssm",
  addressVariables: [],
  asks: [
    { key: "region", text: "AWS region", variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], usual: "us-east-1" },
    { key: "prefix", text: "Prefix of the parameters' names", usual: "/apps/" },
  ],
  choice: {
    text: "AWS Parameter Store, by AWS's own environment",
    needs: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: true,
};
