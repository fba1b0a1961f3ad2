import type { FingerprintKey } from "../model/fingerprint.ts";
import { findingIds } from "./finding-id.ts";
import type { Router } from "./route.ts";
import type { HitToMove } from "./plan-input.ts";

/** A unit's hits, and after them the variables that must move along: see `Migration.along`. */
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
    ...along.flatMap(({ like, name, location, within }): HitToMove[] => {
      const hit = hits[like];
      if (hit === undefined) return [];
      const { finding, candidate, part } = hit;
      const id = idOf(finding.fingerprint, name, location);
      const copy = { ...finding, id, name, location };
      if (within === undefined) {
        const why = [`it has the same value as ${finding.name}`];
        return [{ finding: { ...copy, why }, candidate: { name, value: candidate.value, location }, part }];
      }
      const { value, start, length } = within;
      const inside = { in: "value", path: "", start, length } as const;
      return [
        {
          finding: {
            ...{ ...copy, why: [`it contains the value of ${finding.name}`], part: inside, length: value.length },
            // Whatever else is in it may be another secret.
            masked: "••••••••",
          },
          candidate: { name, value, location },
          part: candidate.value,
        },
      ];
    }),
  ];
}
