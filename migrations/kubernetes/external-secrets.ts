import type { ExternalSecretsForm } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey, StoreTarget, StoreTargetSettings } from "../../src/model/plan.ts";
import { yamlText } from "../../src/kit/text/splice.ts";

/** A Secret that External Secrets should make in the cluster, and what it is made of. */
export type WantedSecret = {
  readonly name: string;
  /** Null if the manifest leaves the namespace to whoever applies it. */
  readonly namespace: string | null;
  readonly data: readonly { readonly secretKey: string; readonly remote: StoreKey }[];
};

/** A store as the manifests name it: how it is read, its settings, and which values are needed. */
export type ManifestStore = {
  readonly form: ExternalSecretsForm;
  readonly settings: StoreTargetSettings;
  readonly facts: { readonly [key: string]: Json };
};

/**
 * The manifests from which External Secrets makes these Secrets: one ExternalSecret for each, and a SecretStore for
 * each namespace, with its login left to fill in. Fields: external-secrets.io/v1, `apis/externalsecrets/v1`. Throws
 * `refused` for a store with missing settings.
 */
export function externalSecrets(secrets: readonly WantedSecret[], store: ManifestStore, storeName: string): string {
  const { lines, note } = store.form.secretStore(store.settings, store.facts, FILL_IN);
  const spaces = [...new Set(secrets.map(({ namespace }) => namespace))];
  const stores = spaces.map((namespace) => [
    "apiVersion: external-secrets.io/v1",
    "kind: SecretStore",
    ...metadata(storeName, namespace),
    "spec:",
    "  provider:",
    ...lines.map((line) => `    ${line}`),
  ]);
  const made = secrets.map(({ name, namespace, data }) => [
    "apiVersion: external-secrets.io/v1",
    "kind: ExternalSecret",
    ...metadata(name, namespace),
    "spec:",
    "  refreshInterval: 1h",
    "  secretStoreRef:",
    "    kind: SecretStore",
    `    name: ${yamlText(storeName)}`,
    "  target:",
    `    name: ${yamlText(name)}`,
    "    creationPolicy: Owner",
    "  data:",
    ...data.flatMap(({ secretKey, remote }) => [
      `    - secretKey: ${yamlText(secretKey)}`,
      "      remoteRef:",
      ...remoteRef(store.form, remote).map((line) => `        ${line}`),
    ]),
  ]);
  const documents = [...stores, ...made].map((one) => `${one.join("\n")}\n`);
  const login = `Fill in ${FILL_IN}: the identity that External Secrets has at the store. It needs only the right to read.`;
  return `${[login, ...note].map((line) => `# ${line}\n`).join("")}${documents.join("---\n")}`;
}

/** The placeholder for a login to fill in. */
export const FILL_IN = "change-me";

/** How External Secrets reads stores of a provider (null if it does not), and the providers that it reads. */
export type ClusterStores = {
  readonly externalSecrets: (provider: string) => Promise<ExternalSecretsForm | null>;
  readonly inClusters: readonly string[];
};

/** How External Secrets reads this store. Throws `refused` if it cannot. */
export async function formOf(
  { name, provider }: StoreTarget,
  { externalSecrets: form, inClusters }: ClusterStores,
): Promise<ExternalSecretsForm> {
  const found = await form(provider);
  if (found !== null) return found;
  throw new UnsprawlError(
    "refused",
    `a cluster cannot read ${provider === name ? provider : `${name} (${provider})`}: External Secrets, which creates the Secret, has no such provider`,
    cmd`--to a store of ${bare(inClusters.join(", "))}`,
  );
}

function remoteRef(form: ExternalSecretsForm, { path, field }: StoreKey): string[] {
  const { key, version } = form.remote?.(path) ?? { key: path };
  return [
    `key: ${yamlText(key)}`,
    ...(field === "" ? [] : [`property: ${yamlText(field)}`]),
    ...(version === undefined ? [] : [`version: ${yamlText(version)}`]),
  ];
}

function metadata(name: string, namespace: string | null): string[] {
  const space = namespace === null ? [] : [`  namespace: ${yamlText(namespace)}`];
  return ["metadata:", `  name: ${yamlText(name)}`, ...space];
}
