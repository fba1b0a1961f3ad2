import type { KeyService } from "./key-service.ts";
import type { LoginRoles } from "./login-roles.ts";
import type { SchemaEntries } from "../kit/schema/index.ts";
import type { BesideValue } from "../model/beside.ts";
import type { UnsprawlError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import type { KeyFile, StoreKey, StoreTarget, StoreTargetSettings } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** A stored value. `version` is the store's opaque token for check-and-set. */
export type Stored = {
  readonly value: Secret;
  readonly version: string;
  /**
   * When the present state of its path was written, by the store's clock or by that of the writer; absent where the
   * store does not say. Grows with every write, so that what a backup brings back is older than what was there.
   */
  readonly written?: { readonly at: number; readonly clock: "store" | "writer" };
  /**
   * What people have given the entry besides its value, without what unsprawl marks its own with. Absent where reading a
   * value does not show it.
   */
  readonly beside?: BesideValue;
};

/** What a store can hold of `BesideValue`: an absent member is a kind that it has not. */
export type BesideLimits = {
  /** The most characters. */
  readonly description?: number;
  readonly labels?: { readonly most: number; readonly name: LabelLimit; readonly text: LabelLimit };
  /** The latest, in seconds of the epoch. */
  readonly expiry?: number;
  /** All values of a path have it together. Absent for no. */
  readonly ofPath?: true;
};

export type LabelLimit = { readonly bytes: number; readonly form: RegExp };

/** An entry of a store, and the store as it is configured. */
export type StoreEntry = { readonly provider: Provider; readonly key: StoreKey };

/** What an entry has besides its value, by one request more where the store does not show it with the value. */
export async function besideOf(store: Provider, key: StoreKey): Promise<BesideValue | null> {
  if (store.beside !== undefined) return store.beside(key);
  const stored = await store.get(key);
  return stored === null ? null : (stored.beside ?? {});
}

/** Who wrote a value: stored as metadata where the store supports it. */
export type Origin = {
  readonly runId: string;
  readonly subject: string;
  readonly name?: string;
  /** As `mayPut` gave them: the store writes for these alone. Absent where nothing was planned. */
  readonly recipients?: readonly string[];
};

/** What to know before a value is put. */
export type PutPreview = {
  readonly notes: readonly string[];
  /** Who will be able to read it besides this login; absent where the store does not say. */
  readonly recipients?: readonly string[];
};

/** One line of `unsprawl stores check`. */
export type StoreCheck = {
  readonly right: "reach" | "authenticate" | "write" | "read" | "check-and-set" | "delete";
  readonly ok: boolean;
  readonly text: string;
  /** What to type or which policy to add; null if ok. */
  readonly hint: string | null;
};

/** The names of a subject, for a store's path template: `{subject}`, `{project}`. */
export type SubjectNames = {
  readonly subject: string;
  /** Empty if there is none. */
  readonly project: string;
  /** Whether `project` is no project, but what `{project}` is filled with instead (`systemd`). Default: false. */
  readonly standIn?: boolean;
};

/**
 * The names available in a store's path template: `{subject}`, `{project}`, `{name}`. `{project/}` is an optional part:
 * the project and the text behind it, both left out for a subject without a project.
 */
export type KeyNames = SubjectNames & { readonly name: string };

/** The names read from a key. `isGuess`: other names make the same key, and nothing tells which these were. */
export type FoundNames = KeyNames & { readonly isGuess?: true };

/**
 * A secret store. Every provider passes `test/conformance/provider.ts`.
 *
 * `null` means absent and nothing else. All methods throw UnsprawlError: `denied` (naming the missing right),
 * `unreachable`, `throttled`, `conflict`, `refused` (a value that the store cannot hold: NUL, not UTF-8, too large),
 * `malformed`. No error quotes a value or a credential.
 */
export interface Provider {
  /** Name, provider and settings, no credential; enough to open the same store again with `open`. */
  readonly target: StoreTarget;
  /** The path of a key is the absolute name of the file that holds the value. Absent for no. */
  readonly inFiles?: true;
  /** The key for a value of this name. Throws `refused` if the names cannot be mapped. */
  key(names: KeyNames): StoreKey;
  /**
   * The inverse of `key`, as far as the path template allows; unknown names are empty. A store that keeps the names
   * beside a value knows them once it has read it.
   */
  names(key: StoreKey): FoundNames;
  /** The vals-style reference of a key. */
  reference(key: StoreKey): string;
  /**
   * The key of a reference; null if the reference is not for this provider. Throws `malformed` if it is, but invalid.
   */
  parse(reference: string): StoreKey | null;
  get(key: StoreKey): Promise<Stored | null>;
  /**
   * Identifies the present state of a key's path, for those who wait for a change: equal while no value there has
   * changed, the same for all values of the path, and obtained without reading one. Null if this credential cannot ask.
   * Only for stores that can say.
   */
  version?(key: StoreKey): Promise<string | null>;
  /**
   * The newest earlier value of a key that `matches` accepts, among the last versions that the store keeps; null if
   * there is none. Works for a key that is deleted by now, if the store keeps its versions. Used to undo a run. Only
   * for stores that keep earlier versions.
   */
  earlier?(key: StoreKey, matches: (value: Secret) => boolean): Promise<Secret | null>;
  /**
   * Writes one value and leaves its siblings unchanged. `replace` is the version to replace, or null to create only.
   * Throws `conflict` if a value exists (create only), or if its version is no longer `replace`; `changed` if others than
   * `origin.recipients` could read it. `beside`, within `holds`, goes to an object that this call creates, and to no other.
   */
  put(
    key: StoreKey,
    value: Secret,
    replace: string | null,
    origin: Origin,
    beside?: BesideValue,
  ): Promise<{ version: string }>;
  /** What `put` can write besides a value; null, or absent, for a store of values alone. */
  holds?(): Promise<BesideLimits | null>;
  /**
   * What an entry, or its path (`ofPath`), has besides its value; null if it is absent. Only for stores that do not always
   * show it with a value (`Stored.beside`), or that have it of a path.
   */
  beside?(key: StoreKey): Promise<BesideValue | null>;
  /**
   * Completes a `put` that created an object and was killed before it had written `beside`; adds what is absent and
   * changes nothing else. Only for stores that write it after the value.
   */
  putBeside?(key: StoreKey, beside: BesideValue): Promise<void>;
  /**
   * Warnings to show in a plan before `put`, such as who else will be able to read the value. Throws `refused` if `put`
   * would. Implemented only by stores where others may have created the path.
   */
  mayPut?(key: StoreKey): Promise<PutPreview>;
  /**
   * The keys on this machine without which nobody can read the values at these places, those that are there and those
   * that will be written. Excludes places that somebody else's key opens too. Only for stores with a key in a file.
   */
  keyFiles?(keys: readonly StoreKey[]): Promise<readonly KeyFile[]>;
  /**
   * Removes one value by check-and-set, if `matches` accepts the current value. True if removed, false if absent.
   * Throws `conflict` if the value is a different one.
   *
   * An object left without values is deleted too if unsprawl created it: it has unsprawl's mark, or the caller wrote
   * its first value (`created`) and may have been killed before writing the mark.
   */
  remove(key: StoreKey, matches: (value: Secret) => boolean, created?: boolean): Promise<boolean>;
  /**
   * The keys of every value below `what`, sorted. `what` is a path, a name or a prefix, as the store counts it; empty
   * means everything the path template can address. `omits` gets the path of each value that is left out: disabled, not
   * text, or without a name. Used by stores as sources.
   */
  list(what: string, omits?: (path: string) => void): Promise<readonly StoreKey[]>;
  /**
   * A policy in the store's own language that lets one application read its values and nothing else, ready for an
   * operator to apply.
   */
  policy(names: SubjectNames): Promise<string>;
  /**
   * Such a policy for whoever migrates: it lets them move and restore every value that the path template can address,
   * and nothing else. Absent where the store has no rights to grant.
   */
  writerPolicy?(): Promise<string>;
  /**
   * Re-wraps the data keys of files as `rewraps` showed it, for exactly the recipients in the configuration, with `rotateKey` new
   * data keys. The error of one file, `changed` if others than shown would gain or lose access, keeps no other from it. Only for
   * stores that hold wrapped keys.
   */
  rewrap?(changes: readonly RecipientChange[], rotateKey?: boolean): Promise<readonly Rewrapped[]>;
  /** What `rewrap` would change: who gains and who loses access to which file. Only for stores that re-wrap. */
  rewraps?(): Promise<readonly RecipientChange[]>;
  /**
   * When the present login ends for good, in milliseconds of the epoch: it can be neither renewed nor repeated without a
   * person. Null if it does not, or if the store does not say. Only for stores whose logins end.
   */
  loginEnds?(): Promise<number | null>;
  /** Tests every right that a migration needs, with a temporary probe value. */
  check(): Promise<readonly StoreCheck[]>;
  /**
   * Issues a credential for the OCI runtime on this host that can only read below this store's path. `config` opens the
   * store with it; `files` are written 0600 beside it, and `config` refers to them as `{dir}/NAME`. `held` are the
   * files of a previous credential, which may be returned again if the store cannot revoke it.
   */
  issueReader(held?: readonly ReaderFile[]): Promise<IssuedReader>;
  /**
   * Ends a credential that `issueReader` issued at the store. Throws `refused` for one of another server, `denied` if that is not
   * allowed. Only for stores that issue one: the others hand on what an operator made.
   */
  revokeReader?(issued: IssuedReader): Promise<void>;
  /** The store's engine that changes logins by itself, at this mount, with the same login to the store. Only for stores that have one. */
  loginRoles?(mount: string): LoginRoles;
}

export type RecipientChange = {
  readonly file: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
};

export type Rewrapped = { readonly file: string; readonly error: UnsprawlError | null };

export type IssuedReader = {
  readonly config: { readonly [key: string]: Json };
  readonly files: readonly ReaderFile[];
};

export type ReaderFile = { readonly name: string; readonly content: Secret };

export type ProviderContext = {
  readonly env: NodeJS.ProcessEnv;
  /**
   * The base of relative file names in `config`: the folder of the configuration file, otherwise the working directory.
   */
  readonly dir: string;
  /** The git work tree that a store's own files may be committed in, beside what uses them; null or absent for none. */
  readonly workTree?: string | null;
  /** Shows a message about slow operations or warnings; a provider prints nothing itself. */
  readonly say?: (text: string) => void;
  /** Asks the person at the terminal to open a page in a browser. Absent where nobody is there to do it. */
  readonly browse?: (url: string) => void;
  /**
   * The master keys of a kind (`about.wraps`), with the environment's login; null for a kind that no provider has. Absent where
   * only a store's own keys count, as for the OCI runtime.
   */
  readonly keyService?: (kind: string) => Promise<KeyService | null>;
};

/** How External Secrets reads this store from a cluster. Fields as in external-secrets.io/v1, `SecretStoreProvider`. */
export type ExternalSecretsForm = {
  /** Facts that the settings lack and the store must be asked for; kept in the plan. Absent if the settings suffice. */
  facts?(settings: StoreTargetSettings, open: () => Promise<Provider>): Promise<{ readonly [key: string]: Json }>;
  /**
   * The YAML lines below `provider:` of a SecretStore, with `fillIn` as the placeholder for a login, and notes for
   * people. Throws `refused` if the settings are incomplete.
   */
  secretStore(
    settings: StoreTargetSettings,
    facts: { readonly [key: string]: Json },
    fillIn: string,
  ): { readonly lines: readonly string[]; readonly note: readonly string[] };
  /** The `remoteRef` of a path. Absent if it is the path itself. */
  remote?(path: string): { readonly key: string; readonly version?: string };
};

/** The export `provider` of a provider's folder. */
export interface ProviderModule {
  readonly provider: string;
  /** Absent if External Secrets cannot read the store. */
  readonly externalSecrets?: ExternalSecretsForm;
  /** Schema of its section in `unsprawl.yaml`, used by `open` and for the shipped JSON Schema. */
  readonly settings: SchemaEntries;
  /**
   * The setting that holds the path template; absent for a store without one. The keys of a plan stay valid when it
   * changes.
   */
  readonly template?: string;
  /** The master keys of the kind that its about.ts names by `wraps`. Does not connect yet. */
  keyService?(context: Pick<ProviderContext, "env" | "dir" | "browse">): KeyService;
  /**
   * Opens a store from its configuration, or from its ecosystem's environment variables if `config` is empty. Does not
   * connect yet. Throws `config` naming the missing key or variable.
   */
  open(name: string, config: { readonly [key: string]: Json }, context: ProviderContext): Promise<Provider>;
}
