import { byNaturalOrder } from "../kit/text/natural.ts";
import { STATES_BY_NEED, type SecretGroup } from "./groups.ts";
import type { Section } from "./sections.ts";
import { subjectsOf } from "./where.ts";

/** What the rows are sorted by, in the order of `s`. */
export const SORTS = ["severity", "name", "place", "state"] as const;
export type ListSort = (typeof SORTS)[number];

/** The same sections with their rows in this order; the worst come first already. */
export function sortedBy(sections: readonly Section[], sort: ListSort): readonly Section[] {
  if (sort === "severity") return sections;
  const order = ORDERS[sort];
  return sections.map((section) => ({ ...section, groups: section.groups.toSorted(order) }));
}

const ORDERS: { readonly [sort in Exclude<ListSort, "severity">]: (a: SecretGroup, b: SecretGroup) => number } = {
  name: (a, b) => byNaturalOrder(a.name, b.name),
  place: (a, b) => byNaturalOrder(subjectsOf(a).text, subjectsOf(b).text),
  state: (a, b) => STATES_BY_NEED.indexOf(a.state) - STATES_BY_NEED.indexOf(b.state),
};
