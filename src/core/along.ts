import type { FingerprintKey } from "../model/fingerprint.ts";
import { findingIds } from "./finding-id.ts";
import type { HitToMove } from "./plan-moves.ts";
import type { Router } from "./route.ts";

/** A unit's hits, and after them the variables of the same values that must move along: see `Migration.along`. */
export async function withAlong(
  hits: readonly HitToMove[],
  unit: string,
  migration: Router,
  key: FingerprintKey,
): Promise<readonly HitToMove[]> {
  const idOf = findingIds(key);
  const along = (await migration.along?.(unit, hits)) ?? [];
  return [
    ...hits,
    ...along.flatMap(({ like, name, location }): HitToMove[] => {
      const hit = hits[like];
      if (hit === undefined) return [];
      const { finding, candidate, part } = hit;
      const id = idOf(finding.fingerprint, name, location);
      const why = [`it has the same value as ${finding.name}`];
      return [
        {
          finding: { ...finding, id, name, location, why },
          candidate: { name, value: candidate.value, location },
          part,
        },
      ];
    }),
  ];
}
