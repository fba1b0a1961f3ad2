import type { DoctorCheck } from "../core/doctor.ts";
import type { Residue } from "../core/residue.ts";
import type { MovedSecret } from "../core/rotation.ts";
import type { Change } from "../model/change.ts";
import type { Rotation } from "../model/finding.ts";
import type { TrendPoint } from "../model/trend.ts";
import type { ShownMessage } from "./state-parts.ts";

/** What the overview shows, in the order of its tabs. */
export const VIEWS = ["changes", "age", "residue", "agent"] as const;
export type OverviewTab = (typeof VIEWS)[number];

/** What was read for a tab; what nobody has asked for yet is absent. */
export type OverviewData = {
  /** What saved scans found, newest first, and how much each found. */
  readonly changes?: { readonly changes: readonly Change[]; readonly trend: readonly TrendPoint[] };
  /** What runs have moved, and how to rotate it, by rule. */
  readonly age?: {
    readonly moved: readonly MovedSecret[];
    readonly advice: { readonly [rule: string]: Rotation };
  };
  readonly residue?: readonly Residue[];
  readonly agent?: readonly DoctorCheck[];
};

/** What has become of the secrets of this host since they were found or moved. */
export type OverviewState = {
  readonly tab: OverviewTab;
  readonly scroll: number;
  readonly data: OverviewData;
  /** The tab that is being read, and how far. */
  readonly busy: { readonly tab: OverviewTab; readonly text: string } | null;
  readonly errors: { readonly [tab in OverviewTab]?: ShownMessage };
};

export const NO_OVERVIEW: OverviewState = { tab: "changes", scroll: 0, data: {}, busy: null, errors: {} };
