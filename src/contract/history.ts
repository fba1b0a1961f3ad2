import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { TrendPoint } from "../model/trend.ts";

/** A finding's last known state, with the times it was seen. */
export type Remembered = {
  readonly finding: Finding;
  /** ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null while it is present. */
  readonly goneAt: string | null;
  /** How many times it has appeared: incremented each time it comes back. */
  readonly times: number;
  /** Found with image layers included: a scan without them cannot tell whether it is gone. */
  readonly layers: boolean;
};

/** A secret that a run moved into a store. `fingerprint` is of the secret part, as in a finding. */
export type MoveRecord = {
  readonly fingerprint: string;
  /** The finding's id. */
  readonly finding: string;
  readonly name: string;
  readonly run: string;
  /** The store it was moved to, as `--to` takes it. */
  readonly store: string;
  /** When the move was done. ISO 8601. */
  readonly at: string;
};

/** The known state of a host before a scan is added. */
export type HostBaseline = {
  /** By finding id, including those that are gone. */
  readonly findings: ReadonlyMap<string, Remembered>;
  /** By runs on any host. */
  readonly moved: readonly MoveRecord[];
  /** When each source was first scanned, by `sourceKey`. ISO 8601. */
  readonly since: ReadonlyMap<string, string>;
};

/** Selects findings by id, by name, by full subject id, and, if `present`, all that are present. */
export type FindingSelection = {
  readonly present: boolean;
  readonly findings: readonly string[];
  readonly names: readonly string[];
  readonly subjects: readonly string[];
};

/** What a scan adds to its host's history. */
export type Addition = {
  /** New or changed findings. */
  readonly findings: readonly Remembered[];
  /** Ids of unchanged findings: only `lastSeen` is updated. */
  readonly seen: readonly string[];
  readonly changes: readonly Change[];
  /** Moves by this installation's runs that are not yet in the history. */
  readonly moved: readonly MoveRecord[];
  /** Moves that have since been rolled back. */
  readonly undone: readonly MoveRecord[];
  readonly scan: {
    /** Unique: repeated calls with the same id add the scan once. */
    readonly id: string;
    readonly at: string;
    readonly durationMs: number;
    /** With the keys of `since`. */
    readonly sources: readonly string[];
    readonly subjects: number;
    readonly errors: number;
    /** Null for a scan of selected subjects, which is no basis for a trend. */
    readonly trend: TrendPoint | null;
  };
};

/**
 * The results of earlier scans (fingerprints and places, never a value) and the outbox of undelivered changes for each
 * channel. Crash-safe: once a call has returned, its effect is durable.
 */
export interface History {
  /**
   * Adds one scan of a host in one transaction. `judge` compares the past with the scan; it must be pure, since it is
   * called again if another process committed first. Each change is queued for each of `channels`. Returns null if this
   * scan (by `scan.id`) was added before. `about` selects the findings whose past `judge` needs; others may be omitted.
   */
  remember(
    host: string,
    scanId: string,
    channels: readonly string[],
    judge: (past: HostBaseline) => Addition,
    about?: FindingSelection,
  ): Promise<Addition | null>;
  /** Hosts with a history, and the time of their newest scan. */
  hosts(): Promise<readonly { readonly host: string; readonly last: string }[]>;
  /** The history of a host, limited to `about` if given. */
  past(host: string, about?: FindingSelection): Promise<HostBaseline>;
  /** Oldest first. If `host` is null, the sums over all hosts at each point in time. */
  trend(host: string | null, limit: number): Promise<readonly TrendPoint[]>;
  /** The newest changes, newest first. */
  changes(limit: number): Promise<readonly Change[]>;
  /**
   * Leases the changes to deliver on a channel now, oldest first. Until `leaseMs` has passed no other caller receives
   * them; after that they are available again, in case this process was killed.
   */
  claim(channel: string, limit: number, leaseMs: number): Promise<readonly QueuedChange[]>;
  /** Marks changes as delivered. */
  delivered(channel: string, ids: readonly string[]): Promise<void>;
  /** Delivery failed; retry from `until` on. */
  postpone(channel: string, ids: readonly string[], until: Date): Promise<void>;
  /** The number of undelivered changes, and the time of the oldest. */
  waiting(channel: string): Promise<{ readonly count: number; readonly oldest: string | null }>;
  close(): Promise<void>;
}

/** An undelivered change and the number of attempts so far. */
export type QueuedChange = { readonly change: Change; readonly tries: number };
