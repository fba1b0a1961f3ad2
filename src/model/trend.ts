import type { Severity } from "./finding.ts";

/** How much sprawl there was when a whole scan ended, ignored and migrated findings left out. */
export type TrendPoint = {
  /** ISO 8601. */
  readonly at: string;
  readonly findings: number;
  readonly bySeverity: { readonly [level in Severity]: number };
};
