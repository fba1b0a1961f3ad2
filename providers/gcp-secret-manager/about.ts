import type { StoreAbout } from "../../src/contract/about.ts";

export const about: StoreAbout = {
  name: "gcp-secret-manager",
  scheme: "ref+gcpsecrets",
  addressVariables: [],
  environment: {
    "GOOGLE_CLOUD_PROJECT, CLOUDSDK_CORE_PROJECT, GCP_PROJECT": "The Google Cloud project of the secrets",
    GOOGLE_APPLICATION_CREDENTIALS:
      "The Google Cloud login's file; without it that of gcloud auth application-default login, or the machine's",
    CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: "Where Secret Manager is reached, if not at Google's own address",
  },
  asks: [
    {
      key: "projectId",
      text: "Google Cloud project",
      variables: ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "GCP_PROJECT"],
      usual: "PROJECT",
    },
  ],
  choice: {
    text: "Google Cloud Secret Manager, by GOOGLE_CLOUD_PROJECT",
    needs: ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"],
    preselected: [],
  },
  wrapsKeys: false,
  wraps: "gcp_kms",
  inClusters: true,
};
