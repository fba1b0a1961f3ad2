import fc from "fast-check";
import { expect, test } from "vitest";
import { Literals } from "../../../src/kit/text/literals.ts";
import { DEEP } from "../../support/deep.ts";

/** Each string of three characters or more at each of its places, found without an index. */
function slowly(literals: readonly string[], text: string): [number, string][] {
  const long = literals.filter((literal) => literal.length >= 3);
  return Array.from(Array(text.length).keys()).flatMap((at) =>
    long.filter((literal) => text.startsWith(literal, at)).map((literal): [number, string] => [at, literal]),
  );
}

// Characters that share their last five bits, and some that share six.
const unit = fc.constantFrom("a", "A", "1", "Q", "q", "é", "©", "\n", "@", "`");

test.each([5, 6] as const)("finds each string at each place, in their order (%i bits)", (width) => {
  const literals = fc.uniqueArray(fc.string({ unit, minLength: 1, maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(literals, fc.string({ unit, maxLength: 40 }), (given, text) => {
      const index = new Literals<string>(width);
      for (const literal of given) index.add(literal, literal);
      const found: [number, string][] = [];
      index.search(text, (item, at, literal) => {
        expect(item).toBe(literal);
        found.push([at, literal]);
      });
      expect(found.filter(([, literal]) => literal.length >= 3)).toEqual(slowly(given, text));
    }),
    // The larger index takes ten times as long to make.
    { numRuns: DEEP || width === 5 ? 2000 : 200 },
  );
});

test("more beginnings than there are slots", () => {
  const index = new Literals<number>(6);
  const letters = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567");
  const all = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
  for (const [item, literal] of all.entries()) index.add(literal, item);
  expect(all.length).toBeGreaterThan(0xffff);
  for (const item of [0, 65_535, 70_000, all.length - 1]) {
    const found: number[] = [];
    index.search(all[item] ?? "", (one) => found.push(one));
    expect(found).toEqual([item]);
  }
});
