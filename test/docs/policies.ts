import { applicationPolicy as kmsPolicy, migratorPolicy as kmsMigratorPolicy } from "../../providers/aws-kms/policy.ts";
import { readSettings as kmsSettings } from "../../providers/aws-kms/settings.ts";
import { secretMigratorPolicy, secretPolicy } from "../../providers/aws-secrets-manager/names.ts";
import { parameterMigratorPolicy, parameterPolicy } from "../../providers/aws-ssm/names.ts";
import { migratorPolicy as keyVaultMigratorPolicy, readerPolicy } from "../../providers/azure-key-vault/policy.ts";
import { readSettings as azureSettings } from "../../providers/azure-key-vault/settings.ts";
import {
  migratorPolicy as gcpMigratorPolicy,
  readerPolicy as gcpPolicy,
} from "../../providers/gcp-secret-manager/policy.ts";
import { readSettings as gcpSettings } from "../../providers/gcp-secret-manager/settings.ts";
import { operatorCommands } from "../../providers/keywhiz/policy.ts";
import type { KeywhizSettings } from "../../providers/keywhiz/settings.ts";
import { localPolicy } from "../../providers/local/policy.ts";
import { applicationPolicy, migratorPolicy } from "../../providers/vault/policy.ts";
import { readSettings as vaultSettings } from "../../providers/vault/settings.ts";

// What `unsprawl stores policy web --project shop` prints for each store, without the store.

const WEB = { subject: "web", project: "shop" };
const AT = { env: {}, dir: "/srv" };
const ARN = "arn:aws:kms:eu-central-1:111122223333:key/ID";
const IDENTITIES = { load: async () => [{ recipient: "AGE-RECIPIENT-OF-UNSPRAWL" }] } as never;

const KEYWHIZ: KeywhizSettings = {
  url: "https://keywhiz.example.org:4444",
  identity: { kind: "pem", certFile: "operator.crt", keyFile: "operator.key" },
  caFile: null,
  groups: [],
  name: "{project..}{subject}.{name}",
  delivery: "automation",
  reader: null,
};

const VAULT = vaultSettings({ address: "https://vault.example.org:8200" }, { ...AT, env: { VAULT_TOKEN: "any" } });

const KMS = kmsSettings({ keyId: "alias/app", context: { App: "{subject}" } }, AT);
const GCP = gcpSettings({ projectId: "team-prod" }, AT);
const KEY_VAULT = azureSettings({ url: "https://team.vault.azure.net" }, AT);

/** The policy for one application, by store. */
export const POLICIES: { readonly [store: string]: () => Promise<string> } = {
  vault: async () => applicationPolicy(VAULT, WEB, 2),
  local: async () => localPolicy("/srv/secrets/{project/}{subject}.sops.yaml", WEB, IDENTITIES, {}, []),
  "aws-kms": async () => kmsPolicy(KMS, ARN, WEB),
  "aws-secrets-manager": async () => secretPolicy("apps/{project/}{subject}", WEB, "eu-central-1"),
  "aws-ssm": async () => parameterPolicy("/apps/{project/}{subject}/{name}", WEB, "eu-central-1"),
  "azure-key-vault": async () => readerPolicy(WEB, KEY_VAULT),
  "gcp-secret-manager": async () => gcpPolicy(WEB, GCP),
  keywhiz: async () => operatorCommands(KEYWHIZ, WEB, []),
};

/** The policy of whoever migrates, by store, and its language where that leaves the text as it is printed. */
export const MIGRATORS: readonly (readonly [store: string, language: string, policy: string])[] = [
  ["vault", "hcl", migratorPolicy(VAULT, 2)],
  ["aws-kms", "", kmsMigratorPolicy(KMS, ARN)],
  ["aws-secrets-manager", "", secretMigratorPolicy("apps/{project/}{subject}", "eu-central-1")],
  ["aws-ssm", "", parameterMigratorPolicy("/apps/{project/}{subject}/{name}", "eu-central-1")],
  ["azure-key-vault", "bicep", keyVaultMigratorPolicy(KEY_VAULT)],
  ["gcp-secret-manager", "", gcpMigratorPolicy(GCP)],
];
