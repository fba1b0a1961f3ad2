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
  // Each has what it may have while others need room: 36, 32 and 24.
  [36 + 32 + 24 + 5 + 3 * SPACE, { name: 36, where: 32, masked: 24, state: 5 }],
  // What is left goes to the name first, then to where it is.
  [36 + 32 + 24 + 5 + 3 * SPACE + 10, { name: 46, where: 32, masked: 24, state: 5 }],
  [LONG + 32 + 24 + 5 + 3 * SPACE + 7, { name: LONG, where: 39, masked: 24, state: 5 }],
  // Too narrow: the masked value gives way first, then where it is, then the name.
  [36 + 32 + 10 + 5 + 3 * SPACE, { name: 36, where: 32, masked: 10, state: 5 }],
  [36 + 20 + 6 + 5 + 3 * SPACE, { name: 36, where: 20, masked: 6, state: 5 }],
  [10 + 8 + 6 + 5 + 3 * SPACE, { name: 10, where: 8, masked: 6, state: 5 }],
  [10 + 8 + 5 + 2 * SPACE, { name: 10, where: 8, state: 5 }],
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
