import { expect, test } from "vitest";
import { linesOfRooms, readBudget, treeNow } from "./support/rooms.ts";

const WAYS = "take as much out, or change its number in test/budget.json (npm run house -- --budget) and say why";

/** Each room with more lines than it may have, and what to do. */
function over(
  lines: { readonly [room: string]: number },
  budget: { readonly [room: string]: number },
): readonly string[] {
  return Object.entries(lines).flatMap(([room, has]) => {
    const may = budget[room];
    if (may === undefined) return [`${room} is a new room of ${has} lines: ${WAYS}`];
    return has > may ? [`${room} has ${has} lines, ${has - may} more than its budget of ${may}: ${WAYS}`] : [];
  });
}

test("no room has more lines than its budget", () => {
  expect(over(linesOfRooms(treeNow()), readBudget().lines)).toEqual([]);
});

test("each number is a room's", () => {
  const rooms = Object.keys(linesOfRooms(treeNow()));
  expect(Object.keys(readBudget().lines).filter((room) => !rooms.includes(room))).toEqual([]);
});

test("a room that passes its number, and one without, is said with what to do", () => {
  expect(over({ "src/a": 9, "src/b": 10, "src/c": 1 }, { "src/a": 9, "src/b": 8 })).toEqual([
    `src/b has 10 lines, 2 more than its budget of 8: ${WAYS}`,
    `src/c is a new room of 1 lines: ${WAYS}`,
  ]);
});
