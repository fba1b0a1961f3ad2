import { randomBytes } from "node:crypto";
import { refusal, type Refusal } from "./key-vault-answers.ts";

/** How long the service's slow steps take, in milliseconds. */
export type Windows = {
  /** After a delete: gone from `secrets`, not yet among `deletedsecrets`, and set gives ObjectIsBeingDeleted. */
  readonly deleting: number;
  /** After a recover: not yet back among `secrets`, and set gives ObjectIsBeingRecovered. */
  readonly recovering: number;
  /** After that: get works again, and set still gives ObjectIsBeingRecovered. */
  readonly settling: number;
};

/** What may be set apart from the value; what is left out stays as it is. */
export type Properties = {
  readonly contentType?: string;
  readonly tags?: { readonly [name: string]: string };
  readonly attributes?: { readonly enabled?: boolean; readonly nbf?: number; readonly exp?: number };
};

/** One version as it lies in the vault, for a test's own eyes. */
export type StoredVersion = Properties & { readonly id: string; readonly value: string };

export type Body = { readonly [key: string]: unknown };

export type Secrets = {
  set(name: string, value: string, properties: Properties): Body;
  get(name: string, version: string | undefined): Body;
  update(name: string, version: string | undefined, properties: Properties): Body;
  remove(name: string): Body;
  list(): readonly Body[];
  versions(name: string): readonly Body[];
  listDeleted(): readonly Body[];
  getDeleted(name: string): Body;
  recover(name: string): Body;
  purge(name: string): void;
  peek(name: string): readonly StoredVersion[];
};

type Version = {
  readonly id: string;
  readonly value: string;
  readonly created: number;
  updated: number;
  is: Properties;
};
type Secret = { readonly name: string; readonly versions: Version[]; deleted: number | null; recovered: number | null };
type State = "live" | "deleting" | "deleted" | "recovering" | "settling";
type Vault = { readonly url: string; readonly windows: Windows; readonly all: Map<string, Secret> };

const RETENTION_DAYS = 90;

/** The vault's secrets and their lifecycle; names are one whatever their case, and keep their first spelling. */
export function createSecrets(url: string, windows: Windows): Secrets {
  const vault: Vault = { url, windows, all: new Map() };
  return {
    set: (name, value, properties) => set(vault, name, value, properties),
    get: (name, version) => get(vault, name, version),
    update: (name, version, properties) => update(vault, name, version, properties),
    remove: (name) => remove(vault, name),
    list: () => those(vault, visible).map((secret) => bundle(vault, secret, versionOf(secret), false)),
    versions: (name) => versions(vault, name),
    listDeleted: () =>
      those(vault, (state) => state === "deleted").map((secret) => deletedBundle(vault, secret, false)),
    getDeleted: (name) => deletedBundle(vault, deleted(vault, name)),
    recover: (name) => recover(vault, name),
    purge: (name) => void vault.all.delete(deleted(vault, name).name.toLowerCase()),
    peek: (name) => find(vault, name)?.versions.map(({ id, value, is }) => ({ ...is, id, value })) ?? [],
  };
}

function set(vault: Vault, name: string, value: string, is: Properties): Body {
  const secret = find(vault, name) ?? { name, versions: [], deleted: null, recovered: null };
  refuseConflict(secret.name, stateOf(vault, secret));
  const now = seconds();
  const version = { id: randomBytes(16).toString("hex"), value, created: now, updated: now, is };
  secret.versions.push(version);
  vault.all.set(name.toLowerCase(), secret);
  return { value, ...bundle(vault, secret, version) };
}

function get(vault: Vault, name: string, id: string | undefined): Body {
  const secret = live(vault, name, id);
  const version = versionOf(secret, id);
  if (version.is.attributes?.enabled === false)
    throw refusal(403, "Forbidden", "Operation get is not allowed on a disabled secret.", { inner: "SecretDisabled" });
  return { value: version.value, ...bundle(vault, secret, version) };
}

function update(vault: Vault, name: string, id: string | undefined, is: Properties): Body {
  const secret = live(vault, name, id);
  const version = versionOf(secret, id);
  version.is = { ...version.is, ...is, attributes: { ...version.is.attributes, ...is.attributes } };
  version.updated = seconds();
  return bundle(vault, secret, version);
}

function remove(vault: Vault, name: string): Body {
  refuseWhileDeleting(vault, name);
  const secret = live(vault, name);
  secret.deleted = Date.now();
  return deletedBundle(vault, secret);
}

/** Sorted by the random version as the service does, so the newest is not the last. */
function versions(vault: Vault, name: string): readonly Body[] {
  const secret = live(vault, name);
  const sorted = [...secret.versions].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted.map((version) => bundle(vault, secret, version));
}

function recover(vault: Vault, name: string): Body {
  const secret = deleted(vault, name);
  secret.deleted = null;
  secret.recovered = Date.now();
  return bundle(vault, secret, versionOf(secret));
}

function find(vault: Vault, name: string): Secret | undefined {
  return vault.all.get(name.toLowerCase());
}

function those(vault: Vault, wanted: (state: State) => boolean): readonly Secret[] {
  return [...vault.all.values()]
    .filter((secret) => wanted(stateOf(vault, secret)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateOf({ windows }: Vault, secret: Secret): State {
  const now = Date.now();
  if (secret.deleted !== null) return now < secret.deleted + windows.deleting ? "deleting" : "deleted";
  const back = (secret.recovered ?? -Infinity) + windows.recovering;
  if (now < back) return "recovering";
  return now < back + windows.settling ? "settling" : "live";
}

function visible(state: State): boolean {
  return state === "live" || state === "settling";
}

function live(vault: Vault, name: string, id?: string): Secret {
  const secret = find(vault, name);
  if (!secret || !visible(stateOf(vault, secret))) throw missing(name, id);
  return secret;
}

function deleted(vault: Vault, name: string): Secret {
  const secret = find(vault, name);
  if (!secret || stateOf(vault, secret) !== "deleted")
    throw refusal(404, "SecretNotFound", `Deleted Secret not found: ${name}`);
  return secret;
}

function versionOf(secret: Secret, id?: string): Version {
  const version = id === undefined ? secret.versions.at(-1) : secret.versions.find((one) => one.id === id);
  if (!version) throw missing(secret.name, id);
  return version;
}

function missing(name: string, id: string | undefined): Refusal {
  const what = id === undefined ? name : `${name}/${id}`;
  const help =
    "If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182";
  return refusal(404, "SecretNotFound", `A secret with (name/id) ${what} was not found in this key vault. ${help}`);
}

function refuseConflict(name: string, state: State): void {
  if (state === "live") return;
  const [inner, message] =
    state === "deleted"
      ? [
          "ObjectIsDeletedButRecoverable",
          "in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.",
        ]
      : state === "deleting"
        ? ["ObjectIsBeingDeleted", "being deleted and cannot be re-created; retry later."]
        : ["ObjectIsBeingRecovered", "being recovered and cannot be re-created; retry later."];
  throw refusal(409, "Conflict", `Secret ${name} is currently ${message}`, { inner });
}

function refuseWhileDeleting(vault: Vault, name: string): void {
  const secret = find(vault, name);
  if (secret && stateOf(vault, secret) === "deleting")
    throw refusal(409, "Conflict", `Secret ${secret.name} is currently being deleted.`, {
      inner: "ObjectIsBeingDeleted",
    });
}

function bundle({ url }: Vault, secret: Secret, version: Version, versioned = true): Body {
  const { attributes, ...rest } = version.is;
  return {
    id: `${url}/secrets/${secret.name}${versioned ? `/${version.id}` : ""}`,
    ...rest,
    attributes: {
      enabled: true,
      ...attributes,
      created: version.created,
      updated: version.updated,
      recoveryLevel: "Recoverable+Purgeable",
      recoverableDays: RETENTION_DAYS,
    },
  };
}

function deletedBundle(vault: Vault, secret: Secret, versioned = true): Body {
  const at = Math.floor((secret.deleted ?? 0) / 1000);
  return {
    recoveryId: `${vault.url}/deletedsecrets/${secret.name}`,
    deletedDate: at,
    scheduledPurgeDate: at + RETENTION_DAYS * 86_400,
    ...bundle(vault, secret, versionOf(secret), versioned),
  };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
