import { providerConformance } from "../conformance/provider.ts";
import { sample } from "../support/deep.ts";
import { awsWorld } from "./aws-world.ts";

const of = (...actions: string[]): string[] => actions.map((action) => `secretsmanager:${action}`);
const RIGHTS = {
  write: of(
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecretVersionStage",
    "DeleteSecret",
    "RestoreSecret",
    "TagResource",
  ),
  read: of("DescribeSecret", "GetSecretValue", "ListSecrets", "ListSecretVersionIds"),
};
const WRITES = /CreateSecret|PutSecretValue/;
const TRAITS = {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  deniedHint: /"Action":"secretsmanager:\w+"/,
};

const FORMS = [
  ["an object a subject", {}, { wholes: true, most: 65_000, reference: /^ref\+awssecrets:\/\/\S+#\/DB_PASSWORD$/ }],
  [
    "a secret a value",
    { path: "{subject}/{name}" },
    { wholes: true, empty: false, reference: /^ref\+awssecrets:\/\/\S+\/DB_PASSWORD$/ },
  ],
] as const;
// One in each run; every-store.test.ts has the first.
for (const [what, config, traits] of sample(FORMS, 1))
  providerConformance(`aws-secrets-manager, ${what}`, () => awsWorld("aws-secrets-manager", RIGHTS, config, WRITES), {
    ...TRAITS,
    ...traits,
  });
