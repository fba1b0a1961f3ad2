import { expect, test } from "vitest";
import { columnsFor, SPACE, type RowColumns } from "../../src/tui/components/row-columns.ts";

const LONG = 99;
const NONE: RowColumns = { name: 0, where: 0, masked: 0, state: 0, rule: 0, image: 0, seen: 0, who: 0 };

/** The columns that have room in a row of this width. */
function columns(needs: Partial<RowColumns>, width: number): Partial<RowColumns> {
  return Object.fromEntries(Object.entries(columnsFor({ ...NONE, ...needs }, width)).filter(([, wide]) => wide > 0));
}

const LISTED = { name: LONG, where: LONG, masked: LONG, state: 5 };

test.each<[width: number, columns: Partial<RowColumns>]>([
  // Each has what it may have while others need room: 40, 32 and 24.
  [40 + 32 + 24 + 5 + 3 * SPACE, { name: 40, where: 32, masked: 24, state: 5 }],
  // What is left goes to the name first, then to where it is.
  [40 + 32 + 24 + 5 + 3 * SPACE + 10, { name: 50, where: 32, masked: 24, state: 5 }],
  [LONG + 32 + 24 + 5 + 3 * SPACE + 7, { name: LONG, where: 39, masked: 24, state: 5 }],
  // Too narrow: the masked value gives way first and goes, then where it is, then the state, and the name last.
  [40 + 32 + 10 + 5 + 3 * SPACE, { name: 40, where: 32, masked: 10, state: 5 }],
  [40 + 32 + 7 + 5 + 3 * SPACE, { name: 40 + 9, where: 32, state: 5 }],
  [40 + 20 + 5 + 2 * SPACE, { name: 40, where: 20, state: 5 }],
  [40 + 8 + 5 + 2 * SPACE, { name: 40, where: 8, state: 5 }],
  [40 + 7 + 5 + 2 * SPACE, { name: 40 + 9, state: 5 }],
  [40, { name: 40 }],
  [12, { name: 12 }],
])("in a row of %i", (width, wide) => {
  expect(columns(LISTED, width)).toEqual(wide);
});

test("a row is never wider than its line, and an extra column is there whole or not at all", () => {
  const needs = { ...LISTED, name: 20, where: 20, rule: 12, image: 30 };
  for (let width = 1; width <= 200; width++) {
    const wide = Object.values(columns(needs, width));
    expect(wide.reduce((sum, one) => sum + one + SPACE, -SPACE)).toBeLessThanOrEqual(Math.max(width, 0));
    const { rule = 12, image = 30 } = columns(needs, width);
    expect([rule, image]).toEqual([12, 30]);
  }
});
