import fc from "fast-check";
import { expect, test } from "vitest";
import { decideIn } from "../../../src/detect/classify.ts";
import { isEvidence } from "../../../src/detect/evidence.ts";
import { rules } from "../../../src/detect/index.ts";
import { APART, SHORTEST } from "../../../src/detect/text/find.ts";
import { watched } from "../../../src/detect/text/watch.ts";
import { saysNothing } from "../../../src/detect/text/worth.ts";
import { parseRegex, type Node } from "../../support/regex-tree.ts";

/** Where a prefix stands, a pattern is tried only if so many characters of a token follow: no pattern takes fewer. */
test("each pattern that is tried at its prefix takes at least as many characters before one that ends a token", () => {
  const patterns = watched().flatMap(({ starts, rule }) => (starts && rule?.pattern ? [rule.pattern] : []));
  const short = patterns.filter(({ source, flags }) => {
    const { through, ended } = least(parseRegex(source, flags).tree);
    return Math.min(through, ended) < SHORTEST;
  });
  expect(patterns.length).toBeGreaterThan(200);
  expect(short).toEqual([]);
});

/** The fewest characters taken in all, and the fewest before one that may end a token. */
/** Half of what a file of settings holds is passed over: short words under names that say nothing. */
test("a short word that is passed over is a secret under no name", () => {
  const names = [...new Set(rules.flatMap(({ keywords, vendor }) => [...keywords, vendor]))];
  const name = fc.oneof(fc.constantFrom(...names), fc.string({ unit: "grapheme-ascii", maxLength: 20 }));
  const value = fc.stringMatching(/^[\w.~^*-]{0,8}$/);
  let passed = 0;
  fc.assert(
    fc.property(name, value, (one, other) => {
      if (!saysNothing(one, other)) return;
      passed++;
      expect(isEvidence(decideIn(one, other, new Set()))).toBe(false);
    }),
    { numRuns: 5000 },
  );
  expect(passed).toBeGreaterThan(1000);
});

type Least = { readonly through: number; readonly ended: number };

function least(node: Node): Least {
  switch (node.kind) {
    case "set":
      return { through: 1, ended: Buffer.from(APART).some(node.fits) ? 0 : Infinity };
    case "list":
      return node.items.map(least).reduce(
        (sum, item) => ({
          through: sum.through + item.through,
          ended: Math.min(sum.ended, sum.through + item.ended),
        }),
        { through: 0, ended: Infinity },
      );
    case "either":
      return node.items.map(least).reduce((one, other) => ({
        through: Math.min(one.through, other.through),
        ended: Math.min(one.ended, other.ended),
      }));
    case "group":
      return least(node.item);
    case "repeat": {
      const { through, ended } = least(node.item);
      return { through: node.min === 0 ? 0 : through * node.min, ended };
    }
    default:
      return { through: 0, ended: Infinity };
  }
}
