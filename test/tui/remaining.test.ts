import fc from "fast-check";
import { expect, it } from "vitest";
import { filterGroups, narrows } from "../../src/tui/filter.ts";
import { remainingRows } from "../../src/tui/remaining.ts";
import { finding, scanned } from "./sample.ts";

const NAMES = ["DB_PASSWORD", "DB_TOKEN", "API_TOKEN", "API_KEY", "SMTP_PASS", "PASS"];
const { groups } = scanned(
  Array.from({ length: 60 }, (_, at) => finding(`${NAMES[at % 6]}_${at}`, {}, `shop-${at % 7}`)),
).scan;
const parts = [0, 1, 2].map((head) => ({
  head: { head },
  rows: groups.filter((_, at) => at % 3 === head).map((group) => ({ group })),
}));

it("leaves what a search from nothing would, whatever is typed and taken back", () => {
  const key = fc.constantFrom(...Array.from("abdopst_!1 "), "back", "back");
  fc.assert(
    fc.property(fc.array(key, { maxLength: 14 }), (keys) => {
      const left = remainingRows(parts, new Set());
      let filter = "";
      for (const one of keys) {
        filter = one === "back" ? filter.slice(0, -1) : filter + one;
        if (filter === "") continue;
        const now = left(filter).flatMap(({ rows }) => rows.map(({ group }) => group.name));
        expect(new Set(now)).toEqual(new Set(filterGroups(groups, filter).map(({ name }) => name)));
      }
    }),
  );
});

it.each([
  ["tok", "toke", true],
  ["tok", "tok api", true],
  ["tok !", "tok !a", true],
  ["tok !a", "tok !ap", false],
  ["tok !a", "tok !a b", true],
  ["tok", "to", false],
  ["", "a", true],
])("knows whether %j leaves no less than %j", (before, after, is) => {
  expect(narrows(before, after)).toBe(is);
});
