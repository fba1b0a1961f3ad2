import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestName, nearestWord } from "../../../src/kit/text/nearest.ts";

test.each([
  ["valt", "vault"],
  ["vualt", "vault"],
  ["LOCAL", "local"],
  ["locl", "local"],
  ["aws-kmss", "aws-kms"],
  ["addres", "address"],
  ["minConfidense", "minConfidence"],
])("%s means %s", (typed, meant) => {
  expect(nearestWord(typed, ["vault", "local", "aws-kms", "address", "minConfidence"])).toBe(meant);
});

test.each(["xyz", "", "something-else-entirely", "v"])("%j means none of them", (typed) => {
  expect(nearestWord(typed, ["vault", "local", "address"])).toBeNull();
});

test.each([
  ["web", "shop-web-1"],
  ["WEB", "shop-web-1"],
  ["SHOP-WEB-1", "shop-web-1"],
  ["shp-web", "shop-web-1"],
  ["wbe", null],
  ["postgrs", "shop-postgres-1"],
  ["db", "shop-db-1"],
  ["dp", null],
  ["", null],
  ["1", null],
])("of the containers, %j may mean %s", (typed, meant) => {
  expect(nearestName(typed, ["shop-web-1", "shop-postgres-1", "shop-db-1"])).toBe(meant);
});

test("a known word is its own nearest, and none is nearest among none", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (one) => one.toLowerCase() }),
      (words) => words.every((word) => nearestWord(word, words) === word),
    ),
  );
  expect(nearestWord("vault", [])).toBeNull();
});
