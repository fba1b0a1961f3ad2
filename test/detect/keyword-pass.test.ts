import fc from "fast-check";
import { expect, test } from "vitest";
import { keywordPass } from "../../src/detect/keyword-pass.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "A", "é", "=", "1", "q"), minLength: 1, maxLength: 5 });

test("finds exactly the items of which a keyword is in the text, whatever its length", () => {
  const items = fc.array(fc.record({ keywords: fc.array(word, { maxLength: 3 }) }), { maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "A", "é", "=", "1", "q", "\n"), maxLength: 30 });
  fc.assert(
    fc.property(items, text, (items, text) => {
      const slow = items.filter(({ keywords }) => keywords.some((keyword) => text.includes(keyword)));
      const found = keywordPass(items)(text);
      expect(items.filter((item) => found.includes(item))).toEqual(slow);
      expect(found).toHaveLength(slow.length);
    }),
    { numRuns: 2000 },
  );
});

test("in the order in which they stand, behind those with short keywords", () => {
  const items = [{ keywords: ["abc", "xyz"] }, { keywords: ["a"] }, { keywords: [] }, { keywords: ["bcd"] }];
  const pass = keywordPass(items);
  expect(pass("")).toEqual([]);
  expect(pass("a")).toEqual([items[1]]);
  expect(pass("bcd abc xyz")).toEqual([items[1], items[3], items[0]]);
});
