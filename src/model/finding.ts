import type { Fingerprint } from "./fingerprint.ts";
import type { Location } from "./location.ts";

export const CONFIDENCES = ["low", "medium", "high"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What the detector says of one value. `score` is 0..1; `why` is in plain words and quotes no part of the value. */
export type Verdict =
  | {
      readonly secret: true;
      readonly rule: string;
      readonly score: number;
      readonly confidence: Confidence;
      readonly severity: Severity;
      readonly why: readonly string[];
    }
  | {
      readonly secret: false;
      /** The rule that cleared it (`reference`, `placeholder`, …); null when nothing spoke for a secret. */
      readonly rule: string | null;
      readonly score: number;
      readonly confidence: Confidence;
      readonly why: readonly string[];
    };

export type FindingState = "new" | "known" | "ignored" | "migrated" | "regressed";

/** A secret in a place, as reports show it: holds no value. */
export type Finding = {
  /** Stable for the same secret in the same place; 12 hex digits. */
  readonly id: string;
  readonly fingerprint: Fingerprint;
  readonly rule: string;
  readonly name: string;
  readonly confidence: Confidence;
  readonly score: number;
  readonly severity: Severity;
  readonly why: readonly string[];
  readonly location: Location;
  readonly masked: string;
  /** In bytes. */
  readonly length: number;
  readonly state: FindingState;
  /** Who else can see it, in plain words. */
  readonly exposure: readonly string[];
};

/** True when `is` is at or above `floor`. */
export function atLeast(is: Confidence, floor: Confidence): boolean {
  return CONFIDENCES.indexOf(is) >= CONFIDENCES.indexOf(floor);
}
