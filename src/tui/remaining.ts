import { isLeft, narrows } from "./filter.ts";
import type { SecretGroup } from "./groups.ts";

/** Rows of a list in parts, each under its heading. */
type ListPart<Head, Row> = { readonly head: Head; readonly rows: readonly Row[] };

/** The rows that were left by one filter. */
type Level<Head, Row> = { readonly filter: string; readonly left: readonly ListPart<Head, Row>[] };

/**
 * Filters one list repeatedly: while a filter grows, only the rows that it left are searched, and when it
 * shrinks again, what was left before is known.
 */
export function remainingRows<Head extends object, Row extends { readonly group: SecretGroup }>(
  parts: readonly ListPart<Head, Row>[],
  facets: ReadonlySet<string>,
): (filter: string) => readonly ListPart<Head, Row>[] {
  const levels: Level<Head, Row>[] = [];
  return (filter) => {
    let before = levels.at(-1);
    while (before !== undefined && !narrows(before.filter, filter)) {
      levels.pop();
      before = levels.at(-1);
    }
    if (before?.filter === filter) return before.left;
    const keep = isLeft(filter, facets);
    const left = (before?.left ?? parts).flatMap(({ head, rows }) => {
      const own = rows.filter(({ group }) => keep(group));
      return own.length === 0 ? [] : [{ head, rows: own }];
    });
    levels.push({ filter, left });
    return left;
  };
}
