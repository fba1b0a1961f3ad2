import type { Finding } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import type { Candidate } from "../model/candidate.ts";

/** A finding together with its value. Exists only in memory. */
export type ScanHit = {
  readonly finding: Finding;
  readonly candidate: Candidate;
  /** The secret part of the value. */
  readonly part: Secret;
  /** The image of its container. Null or absent: it has none, or it is not known. */
  readonly image?: string | null;
  /** Another variable of the same subject whose name matches; set only for `--verify`. */
  readonly beside?: (names: RegExp) => Secret | null;
  /** When the finding was first seen, ISO 8601; absent where no earlier scan knows it. */
  readonly firstSeen?: string;
};
