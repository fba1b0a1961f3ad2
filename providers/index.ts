/*
 * The secret stores: one folder each, one entry in `STORES` each. An about.ts is loaded at start; a provider when a store
 * of its kind is opened, and its client library on the first request. To add a store, write its folder (index.ts and
 * about.ts, what it says of itself) and its entry here; nothing else names it.
 */
import type { StoreAbout } from "../src/contract/about.ts";
import type { ProviderModule } from "../src/contract/provider.ts";
import { about as awsKms } from "./aws-kms/about.ts";
import { about as awsSecretsManager } from "./aws-secrets-manager/about.ts";
import { about as awsSsm } from "./aws-ssm/about.ts";
import { about as azureKeyVault } from "./azure-key-vault/about.ts";
import { about as gcpSecretManager } from "./gcp-secret-manager/about.ts";
import { about as keywhiz } from "./keywhiz/about.ts";
import { about as local } from "./local/about.ts";
import { about as vault } from "./vault/about.ts";

type Load = () => Promise<{ readonly provider: ProviderModule }>;

/** In the order in which help and the terminal UI list them. */
const STORES: readonly { readonly about: StoreAbout; readonly load: Load }[] = [
  { about: vault, load: () => import("./vault/index.ts") },
  { about: local, load: () => import("./local/index.ts") },
  { about: awsSecretsManager, load: () => import("./aws-secrets-manager/index.ts") },
  { about: awsSsm, load: () => import("./aws-ssm/index.ts") },
  { about: azureKeyVault, load: () => import("./azure-key-vault/index.ts") },
  { about: gcpSecretManager, load: () => import("./gcp-secret-manager/index.ts") },
  { about: keywhiz, load: () => import("./keywhiz/index.ts") },
  { about: awsKms, load: () => import("./aws-kms/index.ts") },
];

/** What each store says of itself. */
export const stores: readonly StoreAbout[] = STORES.map(({ about }) => about);

/** The stores' providers by name. */
export const providers: { readonly [name: string]: Load } = Object.fromEntries(
  STORES.map(({ about, load }) => [about.name, load]),
);
