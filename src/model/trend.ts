import type { Severity } from "./finding.ts";

/** The amount of sprawl at the end of a complete scan, without ignored and migrated findings. */
export type TrendPoint = {
  /** ISO 8601. */
  readonly at: string;
  readonly findings: number;
  readonly bySeverity: { readonly [level in Severity]: number };
};
