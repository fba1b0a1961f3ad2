import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey, StoreTarget, StoreTargetSettings } from "../../src/model/plan.ts";
import { yamlText } from "../../src/kit/text/splice.ts";

/** A Secret that External Secrets is to make in the cluster, and what it is made of. */
export type WantedSecret = {
  readonly name: string;
  /** Null when the manifest leaves it to whoever applies it. */
  readonly namespace: string | null;
  readonly data: readonly { readonly secretKey: string; readonly remote: StoreKey }[];
};

/**
 * The manifests from which External Secrets makes these Secrets: one ExternalSecret for each, and a SecretStore for each
 * namespace, whose login is left to fill in. Fields: external-secrets.io/v1, `apis/externalsecrets/v1`.
 * Throws `refused` for a store that External Secrets does not know.
 */
export function externalSecrets(
  secrets: readonly WantedSecret[],
  store: StoreTarget,
  storeName: string,
  kvVersion: 1 | 2,
): string {
  const { lines, note } = providerLines(store, kvVersion);
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
      ...remoteRef(store, remote).map((line) => `        ${line}`),
    ]),
  ]);
  const documents = [...stores, ...made].map((one) => `${one.join("\n")}\n`);
  return `${note.map((line) => `# ${line}\n`).join("")}${documents.join("---\n")}`;
}

/** What stands where a login has to be filled in. */
export const FILL_IN = "change-me";

/** Throws `refused` for a store that External Secrets cannot read. */
export function knownToExternalSecrets({ name, provider }: StoreTarget): void {
  if (Object.hasOwn(PROVIDERS, provider)) return;
  throw new UnsprawlError(
    "refused",
    `a cluster cannot read ${provider === name ? provider : `${name} (${provider})`}: External Secrets, which makes the Secret, has no such provider`,
    cmd`--to a store of ${bare(Object.keys(PROVIDERS).join(", "))}`,
  );
}

type ProviderLines = { readonly lines: readonly string[]; readonly note: readonly string[] };

function providerLines(store: StoreTarget, kvVersion: 1 | 2): ProviderLines {
  knownToExternalSecrets(store);
  const { lines, note } = (PROVIDERS[store.provider as keyof typeof PROVIDERS] ?? vault)(store.settings, kvVersion);
  const login = `Fill in ${FILL_IN}: whom External Secrets is to the store. It needs the right to read, no more.`;
  return { lines, note: [login, ...note] };
}

function vault(settings: StoreTargetSettings, kvVersion: 1 | 2): ProviderLines {
  const [namespace, caCert] = [settings["namespace"], settings["caCert"]];
  const ca =
    caCert === undefined ? [] : ["  caProvider:", "    type: ConfigMap", `    name: ${FILL_IN}`, "    key: ca.crt"];
  return {
    lines: [
      "vault:",
      `  server: ${url(settings["address"])}`,
      `  path: ${yamlText(text(settings["mount"]))}`,
      `  version: v${kvVersion}`,
      ...(namespace === undefined ? [] : [`  namespace: ${yamlText(text(namespace))}`]),
      ...ca,
      "  auth:",
      "    kubernetes:",
      "      mountPath: kubernetes",
      `      role: ${FILL_IN}`,
      "      serviceAccountRef:",
      `        name: ${FILL_IN}`,
    ],
    note: ca.length === 0 ? [] : ["The ConfigMap of caProvider holds the CA that signed the server's certificate."],
  };
}

function aws(service: "SecretsManager" | "ParameterStore") {
  return (settings: StoreTargetSettings): ProviderLines => {
    const region = settings["region"];
    if (region === undefined)
      throw new UnsprawlError(
        "refused",
        "the store's region is not told, and a SecretStore must name it",
        "set region in the store's configuration, or AWS_REGION; then plan again",
      );
    return {
      lines: [
        "aws:",
        `  service: ${service}`,
        `  region: ${yamlText(text(region))}`,
        "  auth:",
        "    jwt:",
        "      serviceAccountRef:",
        `        name: ${FILL_IN}`,
      ],
      note:
        settings["endpoint"] === undefined
          ? []
          : ["The store has an endpoint of its own, which External Secrets takes from its controller's environment."],
    };
  };
}

/** By the vault's host; source: `AzureEnvironmentType`. */
const CLOUDS: readonly (readonly [suffix: string, cloud: string])[] = [
  [".vault.azure.cn", "ChinaCloud"],
  [".vault.usgovcloudapi.net", "USGovernmentCloud"],
];

function azure(settings: StoreTargetSettings): ProviderLines {
  const { hostname } = new URL(text(settings["url"]));
  const cloud = CLOUDS.find(([suffix]) => hostname.endsWith(suffix))?.[1];
  return {
    lines: [
      "azurekv:",
      "  authType: WorkloadIdentity",
      `  vaultUrl: ${url(settings["url"])}`,
      ...(cloud === undefined ? [] : [`  environmentType: ${cloud}`]),
      "  serviceAccountRef:",
      `    name: ${FILL_IN}`,
    ],
    note: [],
  };
}

const PROVIDERS = {
  vault,
  "aws-secrets-manager": aws("SecretsManager"),
  "aws-ssm": aws("ParameterStore"),
  "azure-key-vault": azure,
} as const;

function remoteRef({ provider }: StoreTarget, { path, field }: StoreKey): string[] {
  // A pinned reference ends in the secret's version.
  const [name = path, version] = provider === "azure-key-vault" ? path.split("/") : [path];
  return [
    `key: ${yamlText(name)}`,
    ...(field === "" ? [] : [`property: ${yamlText(field)}`]),
    ...(version === undefined ? [] : [`version: ${yamlText(version)}`]),
  ];
}

function metadata(name: string, namespace: string | null): string[] {
  const space = namespace === null ? [] : [`  namespace: ${yamlText(namespace)}`];
  return ["metadata:", `  name: ${yamlText(name)}`, ...space];
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const url = (value: Json | undefined): string => JSON.stringify(text(value));
