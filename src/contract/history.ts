import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { TrendPoint } from "../model/trend.ts";

/** A finding as it was last seen, and since when. */
export type Remembered = {
  readonly finding: Finding;
  /** ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null while it is there. */
  readonly goneAt: string | null;
  /** How many times it has turned up: one more each time it comes back. */
  readonly times: number;
  /** Read with the files of images: another scan without them says nothing of it. */
  readonly layers: boolean;
};

/** A secret that a run moved into a store, and from where. `fingerprint` is of its secret part, as a finding's is. */
export type MoveRecord = {
  readonly fingerprint: string;
  /** The finding's id: this secret in that place. */
  readonly finding: string;
  readonly name: string;
  readonly run: string;
  /** The store that it went to, as `--to` takes it. */
  readonly store: string;
  /** When it was done. ISO 8601. */
  readonly at: string;
};

/** What is known of a host before a scan of it is remembered. */
export type HostBaseline = {
  /** By the finding's id, those that are gone too. */
  readonly findings: ReadonlyMap<string, Remembered>;
  /** By the runs of every host. */
  readonly moved: readonly MoveRecord[];
  /** When each source was first read, by `sourceKey`. ISO 8601. */
  readonly since: ReadonlyMap<string, string>;
};

/** Findings by their ids, those of subjects by their names or full ids, and, if `present`, all that are there. */
export type FindingSelection = {
  readonly present: boolean;
  readonly findings: readonly string[];
  readonly names: readonly string[];
  readonly subjects: readonly string[];
};

/** What a scan adds to the history of its host. */
export type Addition = {
  /** Those that are new or different, whole. */
  readonly findings: readonly Remembered[];
  /** Ids of those that are there as they were: only `lastSeen` changes. */
  readonly seen: readonly string[];
  readonly changes: readonly Change[];
  /** What runs of this installation moved and nobody knew yet. */
  readonly moved: readonly MoveRecord[];
  /** What they have brought back since. */
  readonly undone: readonly MoveRecord[];
  readonly scan: {
    /** Unique: the same scan is remembered once, however often it is said. */
    readonly id: string;
    readonly at: string;
    readonly durationMs: number;
    /** As `since` calls them. */
    readonly sources: readonly string[];
    readonly subjects: number;
    readonly errors: number;
    /** Null for a scan of a few subjects, of which no trend is made. */
    readonly trend: TrendPoint | null;
  };
};

/**
 * What earlier scans saw: fingerprints and places, never a value. And the outbox: what is still to be told, on each
 * channel. All of it survives a kill at any instant; what a call has answered is kept.
 */
export interface History {
  /**
   * Adds one scan of a host, all or nothing: `judge` sees what is known and says what is new. It may be called again
   * when another process was faster, and must do nothing else. Each change is put into the outbox of each of `channels`.
   * Null when this scan (by `scan.id`) is remembered already. `about` says of which findings the judge needs the past:
   * of others it may be left out.
   */
  remember(
    host: string,
    scanId: string,
    channels: readonly string[],
    judge: (past: HostBaseline) => Addition,
    about?: FindingSelection,
  ): Promise<Addition | null>;
  /** Hosts that were remembered, with the time of their newest scan. */
  hosts(): Promise<readonly { readonly host: string; readonly last: string }[]>;
  /** All that is known of a host, or what `about` asks. */
  past(host: string, about?: FindingSelection): Promise<HostBaseline>;
  /** Newest last; of one host, or of all together as they stood at each time when `host` is null. */
  trend(host: string | null, limit: number): Promise<readonly TrendPoint[]>;
  /** The newest changes, newest first. */
  changes(limit: number): Promise<readonly Change[]>;
  /**
   * What is to be told on a channel now, oldest first. Nobody else is given these for `leaseMs`; whoever is not heard
   * of by then (killed) leaves them to the next.
   */
  claim(channel: string, limit: number, leaseMs: number): Promise<readonly QueuedChange[]>;
  /** They have been told. */
  told(channel: string, ids: readonly string[]): Promise<void>;
  /** They could not be told, and are to be tried again from then on. */
  postpone(channel: string, ids: readonly string[], until: Date): Promise<void>;
  /** How many wait, and since when the oldest does. */
  waiting(channel: string): Promise<{ readonly count: number; readonly oldest: string | null }>;
  close(): Promise<void>;
}

/** A change that is to be told, and how often that was tried. */
export type QueuedChange = { readonly change: Change; readonly tries: number };
