import { providerConformance } from "../conformance/provider.ts";
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
  wholes: true,
};

providerConformance(
  "aws-secrets-manager, an object a subject",
  () => awsWorld("aws-secrets-manager", RIGHTS, {}, WRITES),
  {
    ...TRAITS,
    most: 65_000,
    reference: /^ref\+awssecrets:\/\/\S+#\/DB_PASSWORD$/,
  },
);
providerConformance(
  "aws-secrets-manager, a secret a value",
  () => awsWorld("aws-secrets-manager", RIGHTS, { path: "{subject}/{name}" }, WRITES),
  { ...TRAITS, empty: false, reference: /^ref\+awssecrets:\/\/\S+\/DB_PASSWORD$/ },
);
