import { expect, test } from "vitest";
import { rules } from "../../src/detect/index.ts";
import { parseRegex, type Node } from "../support/regex-tree.ts";

/**
 * A pattern runs only on what holds one of its rule's keywords: a text that it takes and that holds none would never
 * be found. Texts are drawn from the patterns themselves.
 */

const DRAWN = 60;
const PRINTABLE = Array.from({ length: 95 }, (_, at) => 32 + at);

const keyed = rules.filter((rule) => rule.pattern !== null && rule.keywords.length > 0 && rule.names === null);

test.each(keyed.map((rule) => [rule.id, rule] as const))("%s", (_id, rule) => {
  const pattern = rule.pattern as RegExp;
  const { tree } = parseRegex(pattern.source, pattern.flags);
  const random = lehmer(rule.id.length * 7919 + pattern.source.length);
  const taken = Array.from({ length: DRAWN }, () =>
    ` ${draw(tree, random)} `.slice(isAnchored(pattern) ? 1 : 0),
  ).filter((text) => pattern.test(text));
  const lost = taken.filter((text) => !rule.keywords.some((word) => text.toLowerCase().includes(word)));
  expect(lost).toEqual([]);
});

function isAnchored({ source }: RegExp): boolean {
  return source.startsWith("^");
}

/** A text that the expression would take, lookarounds aside. */
function draw(node: Node, random: () => number): string {
  switch (node.kind) {
    case "set": {
      const fitting = PRINTABLE.filter((code) => node.fits(code));
      return fitting.length === 0 ? "\n" : String.fromCharCode(fitting[random() % fitting.length] as number);
    }
    case "list":
      return node.items.map((item) => draw(item, random)).join("");
    case "either":
      return draw(node.items[random() % node.items.length] as Node, random);
    case "group":
      return draw(node.item, random);
    case "repeat": {
      const most = Math.min(node.max, node.min + 12);
      const count = node.min + (random() % (most - node.min + 1));
      return Array.from({ length: count }, () => draw(node.item, random)).join("");
    }
    default:
      return "";
  }
}

function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647);
}
