import { providerConformance } from "../conformance/provider.ts";
import { sample } from "../support/deep.ts";
import { kmsWorld } from "./aws-kms-world.ts";

const TRAITS = {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  deniedHint: /"Action":"kms:\w+"/,
};

const FORMS = [
  ["yaml, a file a subject", { context: { App: "{subject}" } }, {}],
  ["json, one file for all", { file: "all.sops.json" }, { oneFile: true }],
] as const;
// One in each run: what files of either form hold is for local.test.ts and the tests of SOPS.
for (const [what, config, traits] of sample(FORMS, 1))
  providerConformance(`aws-kms, ${what}`, () => kmsWorld(config), { ...TRAITS, ...traits });
