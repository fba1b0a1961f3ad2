import type { Finding } from "./finding.ts";

/**
 * What became of a secret in a place since the last scan: seen there for the first time, there again after it was gone
 * or put aside, there again although a run had moved it, or gone.
 */
export const CHANGE_KINDS = ["new", "back", "regressed", "gone"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One change, as it is told. Holds no value. */
export type Change = {
  /** Stable: whoever is told the same change twice can know it by this. 24 hex digits. */
  readonly id: string;
  readonly kind: ChangeKind;
  /** When the scan that noticed it began. ISO 8601. */
  readonly at: string;
  /** Whose finding it is: a host of the fleet, or this machine. */
  readonly host: string;
  /** As it is now; of one that is gone, as it was last seen. */
  readonly finding: Finding;
  /** The run that had moved the secret; null when none had. */
  readonly run: string | null;
  /** When this secret was first seen in this place. ISO 8601. */
  readonly since: string;
};
