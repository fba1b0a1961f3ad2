import { SEVERITIES, type Severity } from "../model/finding.ts";
import type { TrendPoint } from "../model/trend.ts";

export type HostPoint = readonly [host: string, point: TrendPoint];

/**
 * The trend of several hosts as one: at each scan of one of them, the totals of all by then. Oldest first, as given;
 * `before` has each host's newest point from before them.
 */
export function mergedTrend(points: readonly HostPoint[], before: readonly HostPoint[]): readonly TrendPoint[] {
  const newest = new Map<string, TrendPoint>();
  const sum = { findings: 0, bySeverity: Object.fromEntries(SEVERITIES.map((level) => [level, 0])) } as {
    findings: number;
    bySeverity: { [level in Severity]: number };
  };
  const count = (point: TrendPoint | undefined, sign: 1 | -1): void => {
    if (point === undefined) return;
    sum.findings += sign * point.findings;
    for (const level of SEVERITIES) sum.bySeverity[level] += sign * point.bySeverity[level];
  };
  const take = ([host, point]: HostPoint): void => {
    count(newest.get(host), -1);
    count(point, 1);
    newest.set(host, point);
  };
  for (const one of before) take(one);
  return points.map((one) => {
    take(one);
    return { at: one[1].at, findings: sum.findings, bySeverity: { ...sum.bySeverity } };
  });
}
