import { SEVERITIES, type Severity } from "../model/finding.ts";
import type { TrendPoint } from "../model/trend.ts";

export type HostPoint = readonly [host: string, point: TrendPoint];

/** The trend of several hosts as one: at each scan of one of them, what all have by then. Oldest first, as given. */
export function together(points: readonly HostPoint[]): readonly TrendPoint[] {
  const newest = new Map<string, TrendPoint>();
  return points.map(([host, point]) => {
    newest.set(host, point);
    const all = [...newest.values()];
    const of = (level: Severity): number => all.reduce((sum, one) => sum + one.bySeverity[level], 0);
    const bySeverity = Object.fromEntries(SEVERITIES.map((level) => [level, of(level)])) as {
      [level in Severity]: number;
    };
    return { at: point.at, findings: all.reduce((sum, one) => sum + one.findings, 0), bySeverity };
  });
}
