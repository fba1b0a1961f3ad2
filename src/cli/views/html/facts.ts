import type { MovedAge } from "../../../core/moved.ts";
import type { ScanReport } from "../../../core/scan.ts";
import { SEVERITIES, type Finding } from "../../../model/finding.ts";
import type { TrendPoint } from "../../../model/trend.ts";

/** Who made a report, where and how: what its reader asks first. All of it is text from outside. */
export type ReportOrigin = {
  readonly host: string;
  /** Null where no engine was asked. */
  readonly engine: string | null;
  readonly command: string;
  readonly user: string;
  readonly version: string;
};

/** What a page has besides the report; all of it may be missing. */
export type PageFacts = {
  readonly origin?: ReportOrigin | null;
  /** What earlier scans found, oldest first. */
  readonly trend?: readonly TrendPoint[];
  /** When findings were first seen, by id. ISO 8601. */
  readonly since?: ReadonlyMap<string, string>;
  /** What runs of this installation have moved, and when it was rotated. */
  readonly moved?: readonly MovedAge[];
};

/** A secret with all its places, the gravest first. */
export type PageSecret = {
  readonly worst: Finding;
  readonly places: readonly Finding[];
  readonly exposure: readonly string[];
  /** When its first place was seen first; null if that is not known. */
  readonly since: string | null;
};

/**
 * The secrets of a report, the gravest first; equal ones by who can see them, by how many places they are in, and by how long
 * they have been seen, then by name as people count: `svc-2` before `svc-10`.
 */
export function secretsOf({ findings }: ScanReport, since: ReadonlyMap<string, string>): readonly PageSecret[] {
  const secrets = [...Map.groupBy(findings, ({ fingerprint }) => fingerprint).values()].map((places): PageSecret => {
    const seen = places.flatMap(({ id }) => since.get(id) ?? []).sort();
    const exposure = [...new Set(places.flatMap((one) => one.exposure))];
    const worst = places.reduce((best, one) => (gravity(one) > gravity(best) ? one : best));
    return { worst, places, exposure, since: seen[0] ?? null };
  });
  return secrets.sort(
    (a, b) =>
      gravity(b.worst) - gravity(a.worst) ||
      b.exposure.length - a.exposure.length ||
      b.places.length - a.places.length ||
      b.worst.score - a.worst.score ||
      ageOf(a) - ageOf(b) ||
      NATURAL.compare(a.worst.location.subjectName, b.worst.location.subjectName) ||
      NATURAL.compare(a.worst.name, b.worst.name),
  );
}

/** For each finding of a secret that was moved, when it was rotated, or else moved; null for one that was not. */
export function movedAgeOf(moved: readonly MovedAge[]): (finding: Finding) => MovedAge | null {
  const byPrint = new Map(moved.flatMap((one) => one.fingerprints.map((print) => [print, one] as const)));
  const byPlace = new Map(moved.map((one) => [JSON.stringify([one.subject, one.name]), one]));
  return ({ fingerprint, name, location: { subjectName, host } }) =>
    byPrint.get(fingerprint) ??
    // Another host has containers of the same names.
    (host === undefined ? byPlace.get(JSON.stringify([subjectName, name])) : undefined) ??
    null;
}

const NATURAL = new Intl.Collator("en", { numeric: true });

/** When a secret was first seen, in milliseconds; one whose age is not known is as new as can be. */
const ageOf = ({ since }: PageSecret): number => (since === null ? Number.MAX_SAFE_INTEGER : Date.parse(since));

/** Severity first; a regressed or a valid one comes before others of its severity, an ignored or migrated one after all. */
function gravity({ severity, state, liveness }: Finding): number {
  const settled = state === "ignored" || state === "migrated" ? -100 : 0;
  const back = state === "regressed" ? 3 : 0;
  return settled + back + SEVERITIES.indexOf(severity) * 4 + (liveness?.state === "live" ? 1 : 0);
}

/** Who can see secrets, and how many of them, the widest first. */
export function audiences(secrets: readonly PageSecret[]): readonly { readonly who: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { exposure } of secrets) for (const who of exposure) counts.set(who, (counts.get(who) ?? 0) + 1);
  return [...counts].map(([who, count]) => ({ who, count })).sort((a, b) => b.count - a.count);
}
