import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestWord } from "../../../src/kit/text/nearest.ts";

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

test("a known word is its own nearest, and none is nearest among none", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (one) => one.toLowerCase() }),
      (words) => words.every((word) => nearestWord(word, words) === word),
    ),
  );
  expect(nearestWord("vault", [])).toBeNull();
});
