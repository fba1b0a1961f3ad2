import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-secrets-manager",
  scheme: "ref+awssecrets",
  addressVariables: [],
  environment: {
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY": "AWS credentials, or AWS_PROFILE",
    "AWS_REGION, AWS_ENDPOINT_URL": "Where AWS is reached",
  },
  asks: [
    { key: "region", text: "AWS region", variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], usual: "us-east-1" },
    { key: "prefix", text: "Prefix of the secrets' names", usual: "apps/" },
  ],
  choice: {
    text: "AWS Secrets Manager, by AWS's own environment",
    needs: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    preselected: [],
  },
  wrapsKeys: false,
  inClusters: true,
};
