/*
 * What a format or store declares about itself in its folder's about.ts. It is data that imports only these types, so
 * that it can be loaded at every start. Help, completion, the manual, `watch install` and plan validation are generated
 * from it: nothing outside the plug-in's folder names the plug-in.
 */

/**
 * What reading a source requires: an engine, a swarm manager, a network service, or this machine's files. A service in
 * a container cannot read the last.
 */
export type SourceReach = "engine" | "manager" | "network" | "files";

export type SourceAbout = {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /** The usage as typed: `compose:FILE`. */
  readonly usage: string;
  /** What it reads, for help: one line without a full stop. */
  readonly summary: string;
  readonly reads: SourceReach;
  /** Scanned if no source is named. */
  readonly isDefault?: true;
  /** `--layers` reads the files of its images too. Such a source is a `FastSource` (src/fast). */
  readonly layers?: true;
  /** An interrupted scan of it can resume. Such a source is a `FastSource` (src/fast). */
  readonly resumable?: true;
  /** What the engine lists that can follow the colon: for completion. */
  readonly lists?: "containers" | "images";
  /** See `Source`. */
  readonly running?: true;
};

/**
 * The order in which formats are offered a finding. Files come first, since they need no engine; what Compose or a
 * swarm manages comes before single containers, so that no container is recreated behind its manager's back. `stores`
 * moves values between stores and is planned separately.
 */
export const FORMAT_STAGES = ["files", "images", "managed", "containers", "stores"] as const;
export type FormatStage = (typeof FORMAT_STAGES)[number];

/**
 * The steps of a unit after `put` and `verify`: none, `clean`, `deliver recreate check`, or `rewrite` (deliveries
 * before it, recreated and checked containers after it). A rotation has `rotate` alone, and nothing to put.
 */
export type StepTail = "none" | "clean" | "recreate" | "rewrite" | "rotate";

export type FormatAbout = {
  /** The name in plans, and of its folder. */
  readonly name: string;
  /** Null for a format that migrates what another format's source finds. */
  readonly source: SourceAbout | null;
  readonly stage: FormatStage;
  readonly tail: StepTail;
  /** The words it understands in `--accept`, with a description. A word means the same in all formats. */
  readonly accepts: { readonly [word: string]: string };
};

/** A setting that `unsprawl init` asks for. */
export type StoreQuestion = {
  readonly key: string;
  readonly text: string;
  /** Variables whose value is the default. */
  readonly variables?: readonly string[];
  /** The default otherwise; empty to leave the setting out. */
  readonly usual: string;
};

export type StoreAbout = {
  /** The name in the configuration and in `--to`, and of its folder. */
  readonly name: string;
  /** What it is, for `unsprawl init`; needed only where `choice` does not say it. */
  readonly summary?: string;
  /** The scheme of its references: `ref+vault`. Stores that read the same files may share one. */
  readonly scheme: string;
  /**
   * Environment variables with its server's address. If one is set, this store is the first to be asked for a
   * reference.
   */
  readonly addressVariables: readonly string[];
  /** The variables that it reads without a configuration, each with what it is for. */
  readonly environment?: { readonly [name: string]: string };
  /** What `unsprawl init` asks for, in order. Never a credential. */
  readonly asks?: readonly StoreQuestion[];
  /** How the terminal UI offers it without a configuration; null if it does not. */
  readonly choice: {
    readonly text: string;
    /** Offered only if one of these variables is set; always if the list is empty. */
    readonly needs: readonly string[];
    /** Preselected if one of these variables is set; `"otherwise"`: if no other store is. */
    readonly preselected: readonly string[] | "otherwise";
  } | null;
  /** Whether the store holds wrapped data keys, so that `stores rewrap` applies. */
  readonly wrapsKeys: boolean;
  /** SOPS's name of the master keys that its service has (`hc_vault`); if there is one, its module exports `keyService`. */
  readonly wraps?: string;
  /** Whether External Secrets can read it; if so, its module exports `externalSecrets`. */
  readonly inClusters: boolean;
};
