import { providerConformance } from "../conformance/provider.ts";
import { kmsWorld } from "./aws-kms-world.ts";

const TRAITS = {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  deniedHint: /"Action":"kms:\w+"/,
};

providerConformance("aws-kms, yaml, a file a subject", () => kmsWorld({ context: { App: "{subject}" } }), TRAITS);
providerConformance("aws-kms, json, one file for all", () => kmsWorld({ file: "all.sops.json" }), {
  ...TRAITS,
  oneFile: true,
});
