import { expect, test } from "vitest";
import { changeCounts, changeLines, changeSentence } from "../../src/model/change-words.ts";
import { change, changes } from "./changes.ts";

test("a change in words", () => {
  expect(changeSentence(change(1, { name: "DB_PASSWORD" }))).toBe(
    "new: DB_PASSWORD in container api on web1 — severity high",
  );
  expect(changeSentence(change(1, { name: "DB_PASSWORD", kind: "regressed", run: "20261101-101010-abcd" }))).toBe(
    "regressed: DB_PASSWORD in container api on web1 (run 20261101-101010-abcd had moved it) — severity high",
  );
  expect(changeSentence(change(1, { name: "K", kind: "back" }))).toBe(
    "back: K in container api on web1 (first seen 2026-11-20) — severity high",
  );
});

test("counts, and no more lines than there is room for", () => {
  const some = [change(1), change(2, { kind: "regressed" }), change(3), change(4, { kind: "gone" })];
  expect(changeCounts(some)).toBe("2 new, 1 regressed, 1 gone");
  expect(changeCounts([])).toBe("");
  expect(changeLines(changes(3), { lines: 2, characters: 1000 }).at(-1)).toBe("and 1 more");
  expect(changeLines(changes(3), { lines: 3, characters: 1000 })).toHaveLength(3);
  // One is shown, however long it is.
  expect(changeLines(changes(3), { lines: 3, characters: 1 })).toHaveLength(2);
});

test("what others named is harmless and short", () => {
  const evil = changeSentence(change(1, { name: "\u001b[2J\u202e", subject: "x\ny", host: "h".repeat(500) }));
  expect(evil).toBe(`new: \\e[2J\\u{202e} in container x\\ny on ${"h".repeat(119)}… — severity high`);
});
