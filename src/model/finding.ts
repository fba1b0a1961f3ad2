import type { Fingerprint } from "./fingerprint.ts";
import { HIDDEN_NAME } from "./candidate.ts";
import type { Location } from "./location.ts";

export const CONFIDENCES = ["low", "medium", "high"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The secret inside a value: not the whole URL, but its password. */
export type SecretPart = {
  /** Whether it stands in the value, or in the name that the value was given. */
  readonly in: "name" | "value";
  /** The way to it through encodings and structure, such as `base64 → json → db.password`; empty for the whole value. */
  readonly path: string;
  /** Where it stands in the value, in UTF-16 units; null when it only shows once the value is decoded. */
  readonly start: number | null;
  readonly length: number | null;
};

/** What the detector says of one value. `score` is 0..1; `why` is in plain words and quotes no part of the value. */
export type Verdict =
  | {
      readonly secret: true;
      readonly rule: string;
      readonly score: number;
      readonly confidence: Confidence;
      readonly severity: Severity;
      readonly why: readonly string[];
      /** What would make it none, in plain words. */
      readonly unless: string;
      readonly part: SecretPart;
    }
  | {
      readonly secret: false;
      /** The rule that cleared it (`reference`, `placeholder`, …); null when nothing spoke for a secret. */
      readonly rule: string | null;
      readonly score: number;
      readonly confidence: Confidence;
      readonly why: readonly string[];
      /** The setting that hid a secret (a stop word, a rule that is off), in words for people; else absent. */
      readonly hushedBy?: string;
    };

/** Whether a secret still opens anything, when that was asked (`--verify`); `why` is in plain words and quotes no value. */
export type Liveness = { readonly state: "live" | "dead" | "unknown"; readonly why: string };

/** What to do about a secret of a kind that others could read: a sentence, and the page that says how; null when there is none. */
export type Rotation = { readonly text: string; readonly url: string | null };

export type FindingState = "new" | "known" | "ignored" | "migrated" | "regressed";

/** A secret in a place, as reports show it: holds no value. */
export type Finding = {
  /** Stable for the same secret in the same place; 12 hex digits. */
  readonly id: string;
  /** Of the secret part, so that a password groups with the URL that holds it. */
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
  /** Of the whole value, in bytes. */
  readonly length: number;
  readonly state: FindingState;
  /** Why it is ignored: the rule of the configuration and its reason; null when it is not. */
  readonly ignoredBy: string | null;
  /** Null when it was not asked. */
  readonly liveness: Liveness | null;
  /** Who else can see it, in plain words. */
  readonly exposure: readonly string[];
};

/** Whether the name must not be repeated anywhere: the secret stands in it, or it was hidden because one may. */
export function nameMayHoldSecret({ name, part }: Pick<Finding, "name" | "part">): boolean {
  return part.in === "name" || name === HIDDEN_NAME;
}

/** True when `is` is at or above `floor`. */
export function atLeast(is: Confidence, floor: Confidence): boolean {
  return CONFIDENCES.indexOf(is) >= CONFIDENCES.indexOf(floor);
}
