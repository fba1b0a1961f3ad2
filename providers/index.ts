/**
 * The secret stores: one folder each, one line each. A provider is loaded when a store of its kind is opened, and its
 * client library on the first request.
 */
import type { ProviderModule } from "../src/contract/provider.ts";

export const providers: { readonly [name: string]: () => Promise<{ readonly provider: ProviderModule }> } = {
  "aws-kms": () => import("./aws-kms/index.ts"),
  "aws-secrets-manager": () => import("./aws-secrets-manager/index.ts"),
  "aws-ssm": () => import("./aws-ssm/index.ts"),
  "azure-key-vault": () => import("./azure-key-vault/index.ts"),
  keywhiz: () => import("./keywhiz/index.ts"),
  local: () => import("./local/index.ts"),
  vault: () => import("./vault/index.ts"),
};
