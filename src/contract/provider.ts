import type { SchemaEntries } from "../kit/schema/index.ts";
import type { Json } from "../model/json.ts";
import type { StoreKey, StoreTarget, StoreTargetSettings } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** A value as the store holds it. `version` is the store's own token for check-and-set, opaque. */
export type Stored = { readonly value: Secret; readonly version: string };

/** Who writes: kept beside the value where the store has room for it. */
export type Origin = { readonly runId: string; readonly subject: string; readonly name?: string };

/** One line of `unsprawl stores check`. */
export type StoreCheck = {
  readonly right: "reach" | "authenticate" | "write" | "read" | "check-and-set" | "delete";
  readonly ok: boolean;
  readonly text: string;
  /** What to type or which policy to add; null when ok. */
  readonly hint: string | null;
};

/** The names a store's path template may use: `{subject}`, `{project}`, `{name}`. */
export type KeyNames = { readonly subject: string; readonly project: string; readonly name: string };

/**
 * A secret store. Every provider passes `test/conformance/provider.ts`.
 *
 * `null` means absent and nothing else. Everything throws UnsprawlError: `denied` (with the missing right),
 * `unreachable`, `throttled`, `conflict`, `refused` (a value that the store cannot hold: NUL, not UTF-8, too large),
 * `malformed`. No error quotes a value or a credential.
 */
export interface Provider {
  /** Name, provider and settings without a credential; enough to open the same store again with `open`. */
  readonly target: StoreTarget;
  /** Where a value of this name goes. Throws `refused` when the names cannot be mapped. */
  key(names: KeyNames): StoreKey;
  /** The inverse of `key`, as far as the path template tells: what it does not tell is empty. */
  names(key: StoreKey): KeyNames;
  /** The vals-style reference of a key. */
  reference(key: StoreKey): string;
  /** The key that a reference names, or null when it is not one of this provider's. Throws `malformed` when it is, and is broken. */
  parse(reference: string): StoreKey | null;
  get(key: StoreKey): Promise<Stored | null>;
  /**
   * Writes one value and leaves its siblings as they are. `replace` is the version to replace, or null to create only.
   * Throws `conflict` when something is there (create only), or when the version has moved on.
   */
  put(key: StoreKey, value: Secret, replace: string | null, origin: Origin): Promise<{ version: string }>;
  /**
   * For a plan: what a person should know before `put`, such as who else will be able to read the value. Throws `refused`
   * where `put` would. Only where others may have made the place.
   */
  mayPut?(key: StoreKey): Promise<readonly string[]>;
  /**
   * Removes one value, by check-and-set, if `matches` says it is the one meant; true when removed, false when absent.
   * Throws `conflict` when another value is there. An object left without any value goes too, if unsprawl created it:
   * by its own mark, or because the caller wrote its first value (`created`), which may have been killed before the mark.
   */
  remove(key: StoreKey, matches: (value: Secret) => boolean, created?: boolean): Promise<boolean>;
  /**
   * The keys of every value below `what`, in order: a path, a name or the beginning of one as the store counts it; empty
   * means all that the store's own path template reaches. For a store as a source. A value that is not text is left out.
   */
  list(what: string): Promise<readonly StoreKey[]>;
  /** What lets one application read its own values and nothing else, in the store's own policy language, as an operator applies it. */
  policy(names: Omit<KeyNames, "name">): Promise<string>;
  /**
   * Wraps the data keys below `what` anew for whom the configuration names, and nobody else; gives what was rewrapped.
   * Only where the store itself holds wrapped keys.
   */
  rewrap?(what: string): Promise<readonly string[]>;
  /** Tries every right a migration needs with a probe of its own, which it removes. */
  check(): Promise<readonly StoreCheck[]>;
  /**
   * A credential that can only read under this store's path, for the OCI runtime on this host.
   * `config` opens the store with it; `files` are written 0600 beside it, and `config` names them by `{dir}/NAME`.
   * `held` are the files of an earlier one: where such a credential cannot be taken back it may be given again.
   */
  issueReader(
    held?: readonly ReaderFile[],
  ): Promise<{ readonly config: { readonly [key: string]: Json }; readonly files: readonly ReaderFile[] }>;
}

export type ReaderFile = { readonly name: string; readonly content: Secret };

export type ProviderContext = {
  readonly env: NodeJS.ProcessEnv;
  /** Relative file names in `config` are taken from here: the folder of the configuration file, else the working directory. */
  readonly dir: string;
  /** Tells a person what takes long or should be known; a provider prints nothing itself. */
  readonly say?: (text: string) => void;
};

/** How External Secrets reads a store from a cluster. Fields: external-secrets.io/v1, `SecretStoreProvider`. */
export type ExternalSecretsForm = {
  /** What the settings do not say and must be asked of the store; kept in the plan. Absent when they say all. */
  facts?(settings: StoreTargetSettings, open: () => Promise<Provider>): Promise<{ readonly [key: string]: Json }>;
  /**
   * The lines of YAML below `provider:` of a SecretStore, where `fillIn` stands for a login, and what a person should
   * know of them. Throws `refused` for a store of which something is missing.
   */
  secretStore(
    settings: StoreTargetSettings,
    facts: { readonly [key: string]: Json },
    fillIn: string,
  ): { readonly lines: readonly string[]; readonly note: readonly string[] };
  /** What `remoteRef` calls a path. Absent where it is the path itself. */
  remote?(path: string): { readonly key: string; readonly version?: string };
};

/** A provider's folder exports one of these as `provider`. */
export interface ProviderModule {
  readonly provider: string;
  /** Absent for a store that External Secrets cannot read. */
  readonly externalSecrets?: ExternalSecretsForm;
  /** The keys of its part of `unsprawl.yaml`, from which the JSON Schema that ships is made; `open` reads with them. */
  readonly settings: SchemaEntries;
  /**
   * Opens a store from its configuration, or from its ecosystem's own environment when `config` is empty.
   * Connects nowhere yet. Throws `config` with the key or variable that is missing.
   */
  open(name: string, config: { readonly [key: string]: Json }, context: ProviderContext): Promise<Provider>;
}
