import { atLeast, CONFIDENCES, SEVERITIES, type Confidence, type Finding, type Severity } from "./finding.ts";

/**
 * Which findings make a command exit 3: those of at least this confidence, or of at least this severity. `critical` is
 * short for `severity:critical`, since no confidence has that name; the other words mean the confidence.
 */
export type FailOn = Confidence | "critical" | `severity:${Severity}` | "never";

/** The values of `--fail-on`, in the order in which help lists them. */
export const FAIL_ON: readonly FailOn[] = [
  ...CONFIDENCES,
  "critical",
  ...SEVERITIES.map((one) => `severity:${one}` as const),
  "never",
];

/** True if a finding of this kind makes the command fail. */
export function isAtLeast(finding: Pick<Finding, "confidence" | "severity">, failOn: FailOn): boolean {
  if (failOn === "never") return false;
  const severity = severityOf(failOn);
  if (severity === null) return atLeast(finding.confidence, failOn as Confidence);
  return SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf(severity);
}

/** True if a finding that fails with `base` may pass with `failOn`. */
export function passesMore(failOn: FailOn, base: FailOn): boolean {
  return CONFIDENCES.some((confidence) =>
    SEVERITIES.some((severity) => {
      const finding = { confidence, severity };
      return isAtLeast(finding, base) && !isAtLeast(finding, failOn);
    }),
  );
}

function severityOf(failOn: FailOn): Severity | null {
  if (failOn === "critical") return "critical";
  return failOn.startsWith("severity:") ? (failOn.slice("severity:".length) as Severity) : null;
}
