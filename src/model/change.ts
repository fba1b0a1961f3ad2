import type { Finding } from "./finding.ts";

/**
 * What happened to a finding since the last scan. `new`: seen for the first time. `back`: reappeared after it was gone
 * or ignored. `regressed`: a run migrated it, and it was found again. `gone`: no longer there.
 */
export const CHANGE_KINDS = ["new", "back", "regressed", "gone"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** A change as it is sent to notification channels. Holds no value. */
export type Change = {
  /** Stable, 24 hex digits: receivers use it to drop duplicates. */
  readonly id: string;
  readonly kind: ChangeKind;
  /** Start of the scan that noticed the change. ISO 8601. */
  readonly at: string;
  /** The host the finding belongs to: a fleet host, or this machine. */
  readonly host: string;
  /** The finding's current state; for `gone`, its last known state. */
  readonly finding: Finding;
  /** The run that had migrated the secret; null if none had. */
  readonly run: string | null;
  /** When this finding was first seen. ISO 8601. */
  readonly since: string;
};
