import { providerConformance } from "../conformance/provider.ts";
import { gcpWorld } from "./gcp-world.ts";

providerConformance("gcp-secret-manager", gcpWorld, {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  reference: /^ref\+gcpsecrets:\/\/unsprawl-test\/[\w-]+--DB_PASSWORD$/,
  wholes: true,
  // It says when a version was created only to who asks for it apart from its value.
  dated: false,
  deniedHint: /gcloud projects add-iam-policy-binding unsprawl-test .*--role roles\/secretmanager\./,
  most: 65_536,
  empty: false,
});
