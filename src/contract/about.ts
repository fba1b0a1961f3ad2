/*
 * What a format and a store say of themselves in their folder's about.ts. It is data that imports nothing but these
 * types, so that it may be loaded at every start. Help, completion, the manual, `watch install`, the check of a plan and
 * every other list of names are made from it: nothing outside the plug-in's folder names it.
 */

/**
 * What has to be there to read a source: an engine, an engine that manages a swarm, a service on the network, or this
 * machine's files. The last alone cannot be read by a service in a container.
 */
export type SourceReach = "engine" | "manager" | "network" | "files";

export type SourceAbout = {
  /** The part before the colon in `SOURCE`. */
  readonly kind: string;
  /** What people type: `compose:FILE`. */
  readonly usage: string;
  /** What it reads, for help: one line without a full stop. */
  readonly summary: string;
  readonly reads: SourceReach;
  /** Read when no source is named. */
  readonly isDefault?: true;
  /** See `Source`. */
  readonly layers?: true;
  readonly resumable?: true;
  readonly byCrew?: true;
  readonly running?: true;
};

/**
 * When a finding is offered to a format. Files come first, since they need no engine; what Compose or a swarm manages
 * comes before single containers, so that none is recreated behind its manager's back. `stores` is for what moves from
 * store to store, which is planned alone.
 */
export const FORMAT_STAGES = ["files", "images", "managed", "containers", "stores"] as const;
export type FormatStage = (typeof FORMAT_STAGES)[number];

/**
 * The steps that a unit has after `put` and `verify`: none, `clean`, `deliver recreate check`, or `rewrite` (with
 * deliveries before it, and containers recreated and checked after it).
 */
export type StepTail = "none" | "clean" | "recreate" | "rewrite";

export type FormatAbout = {
  /** What plans and its folder call it. */
  readonly name: string;
  /** Null for one that moves what another format's source finds. */
  readonly source: SourceAbout | null;
  readonly stage: FormatStage;
  readonly tail: StepTail;
  /** The words of `--accept` that it knows, each with what is accepted. A word means the same in all formats. */
  readonly accepts: { readonly [word: string]: string };
};

export type StoreAbout = {
  /** What the configuration, `--to` and its folder call it. */
  readonly name: string;
  /** What its references begin with: `ref+vault`. Stores that hold the same files may share one. */
  readonly scheme: string;
  /** Variables that name its server: one that is set makes it the first to be asked for a reference. */
  readonly addressVariables: readonly string[];
  /** How the terminal UI offers it without a configuration; null when it does not. */
  readonly choice: {
    readonly text: string;
    /** Offered only when one of these variables is set; always when there are none. */
    readonly needs: readonly string[];
    /** Preselected when one of these variables is set, or `"otherwise"`: when no other is. */
    readonly preselected: readonly string[] | "otherwise";
  } | null;
  /** Whether the store itself holds wrapped keys, so that `stores rewrap` is for it. */
  readonly wrapsKeys: boolean;
  /** Whether External Secrets can read it; then its module has `externalSecrets`. */
  readonly inClusters: boolean;
};
