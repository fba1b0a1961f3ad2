import type { Confidence, Severity } from "../model/finding.ts";
import type { Cleared } from "./cleared.ts";

/** What speaks for a secret. `part` is the secret part itself: it never leaves this folder. */
export type Evidence = {
  readonly rule: string;
  readonly score: number;
  readonly severity: Severity;
  readonly why: readonly string[];
  readonly part: string;
  /** The way to the part from the whole value, outermost first: `base64`, `json`, `db.password`. */
  readonly via?: readonly string[];
  /** The row of the dismissals that keeps it below medium confidence. */
  readonly doubt?: string;
  /** On a command line: the known program, and what stands before the value, both fit to be shown. */
  readonly command?: { readonly program: string | null; readonly before: string };
};

export type EvidenceOutcome = Evidence | Cleared | null;

/**
 * Classifies a value found inside another one; `step` says how it was found. Null unless it is at least likely a
 * secret.
 */
export type Judge = (name: string, text: string, step: string) => Evidence | null;

const HIGH = 0.9;
export const MEDIUM = 0.6;
export const LOW = 0.35;

export function isEvidence(outcome: EvidenceOutcome): outcome is Evidence {
  return outcome !== null && "score" in outcome;
}

/** Whether the secret is in the name, not in the value: the way to it begins there. */
export function standsInName({ via }: { readonly via?: readonly string[] | undefined }): boolean {
  return via?.[0] === "name";
}

export function confidenceOf(score: number): Confidence {
  return score >= HIGH ? "high" : score >= MEDIUM ? "medium" : "low";
}

/** The stronger of two. */
export function stronger(one: Evidence | null, other: Evidence | null): Evidence | null {
  if (one === null) return other;
  return other !== null && other.score > one.score ? other : one;
}
