import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "aws-kms",
  scheme: "ref+sops",
  addressVariables: [],
  environment: {
    "AWS_KMS_KEY_ID or SOPS_KMS_ARN": "The KMS key that wraps data keys",
  },
  asks: [
    { key: "region", text: "AWS region", variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], usual: "us-east-1" },
    { key: "keyId", text: "KMS key", variables: ["AWS_KMS_KEY_ID"], usual: "alias/unsprawl" },
    { key: "file", text: "SOPS file, one per container", usual: "secrets/{project/}{subject}.sops.yaml" },
  ],
  choice: null,
  summary: "a SOPS file here, whose data keys AWS KMS wraps",
  wrapsKeys: true,
  wraps: "kms",
  inClusters: false,
};
