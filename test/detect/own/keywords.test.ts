import fc from "fast-check";
import { expect, test } from "vitest";
import { keywordPass } from "../../../src/detect/own/keywords.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "A", "é", "=", "1", "q"), minLength: 1, maxLength: 5 });

test("finds exactly the items of which a keyword is in the text, whatever its length", () => {
  const items = fc.array(fc.record({ keywords: fc.array(word, { maxLength: 3 }) }), { maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "A", "é", "=", "1", "q", "\n"), maxLength: 30 });
  fc.assert(
    fc.property(items, text, (items, text) => {
      const slow = items.filter(
        ({ keywords }) => keywords.length === 0 || keywords.some((keyword) => text.includes(keyword)),
      );
      expect(keywordPass(items)(text)).toEqual(slow);
    }),
    { numRuns: 2000 },
  );
});

test("a text shorter than a keyword, and none at all", () => {
  const items = [{ keywords: ["abc"] }, { keywords: ["a"] }, { keywords: [] }];
  const pass = keywordPass(items);
  expect(pass("")).toEqual([items[2]]);
  expect(pass("a")).toEqual([items[1], items[2]]);
  expect(pass("abc")).toEqual(items);
});
