import type { Fingerprint } from "./fingerprint.ts";
import { HIDDEN_NAME } from "./candidate.ts";
import type { Location } from "./location.ts";

export const CONFIDENCES = ["low", "medium", "high"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The secret inside a value: the password of a URL rather than the whole URL. */
export type SecretPart = {
  /** Whether the secret is in the value, or in the name of the variable. */
  readonly in: "name" | "value";
  /** The path through encodings and structure, such as `base64 → json → db.password`; empty for the whole value. */
  readonly path: string;
  /** Offset into the value, in UTF-16 units; null if the part is visible only after decoding. */
  readonly start: number | null;
  readonly length: number | null;
};

/** The detector's answer for one value. `score` is 0..1; `why` is plain English and quotes no part of the value. */
export type Verdict =
  | {
      readonly secret: true;
      readonly rule: string;
      readonly score: number;
      readonly confidence: Confidence;
      readonly severity: Severity;
      readonly why: readonly string[];
      /** What would make it not a secret, in plain English. */
      readonly unless: string;
      readonly part: SecretPart;
    }
  | {
      readonly secret: false;
      /** The rule that dismissed it (`reference`, `placeholder`, …); null if no rule matched. */
      readonly rule: string | null;
      readonly score: number;
      readonly confidence: Confidence;
      readonly why: readonly string[];
      /** The setting that suppressed a secret (a stop word, a disabled rule), worded for people; otherwise absent. */
      readonly suppressedBy?: string;
    };

/** Whether a secret still authenticates, as asked with `--verify`; `why` is plain English and quotes no value. */
export type Liveness = { readonly state: "live" | "dead" | "unknown"; readonly why: string };

/** How to rotate an exposed secret of some kind: a sentence, and a page with instructions (or null). */
export type Rotation = { readonly text: string; readonly url: string | null };

export type FindingState = "new" | "known" | "ignored" | "migrated" | "regressed";

/** A secret in one place, as reports show it. Holds no value. */
export type Finding = {
  /** 12 hex digits, the same in every scan for the same secret in the same place. */
  readonly id: string;
  /** Fingerprint of the secret part, so that a password groups with the URL that contains it. */
  readonly fingerprint: Fingerprint;
  readonly rule: string;
  readonly name: string;
  readonly confidence: Confidence;
  readonly score: number;
  readonly severity: Severity;
  readonly why: readonly string[];
  readonly unless: string;
  readonly part: SecretPart;
  readonly location: Location;
  readonly masked: string;
  /** Length of the whole value, in bytes. */
  readonly length: number;
  readonly state: FindingState;
  /** The ignore rule and its reason; null if the finding is not ignored. */
  readonly ignoredBy: string | null;
  /** Null unless verification was requested. */
  readonly liveness: Liveness | null;
  /** Who else can read it, in plain English. */
  readonly exposure: readonly string[];
};

/** Whether the name must not be printed: it contains the secret, or was hidden because it may contain one. */
export function nameMayHoldSecret({ name, part }: Pick<Finding, "name" | "part">): boolean {
  return part.in === "name" || name === HIDDEN_NAME;
}

/** Whether `is` is at or above `floor`. */
export function atLeast(is: Confidence, floor: Confidence): boolean {
  return CONFIDENCES.indexOf(is) >= CONFIDENCES.indexOf(floor);
}
