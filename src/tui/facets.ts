import { facetValues, filterGroups, type FacetValue } from "./filter.ts";
import type { SecretGroup } from "./groups.ts";
import { last } from "./last.ts";
import type { TuiState } from "./state.ts";

/** The values of facets among the groups that the typed filter leaves. */
export function facetsOf({ scan, filter, facets }: TuiState): readonly FacetValue[] {
  return values(scan.groups, filter, facets);
}

const values = last((groups: readonly SecretGroup[], filter: string, facets: ReadonlySet<string>) =>
  facetValues(filterGroups(groups, filter), facets),
);
