import { expect, test } from "vitest";
import { reading } from "../../../src/detect/unread.ts";
import { found, own } from "./given.ts";

const MIB = 1 << 20;
/** Of work: how busy the machine is makes no difference. */
const secondsSince = (began: NodeJS.CpuUsage): number => {
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1e6;
};
const fill = (piece: string): string => piece.repeat(Math.ceil(MIB / piece.length)).slice(0, MIB);

test.each<[pattern: string, text: string, hits: number]>([
  ["(a+)+$", `${fill("a").slice(1)}b`, 0],
  ["(a+)+$", fill("a"), 1],
  ["(a|aa)+$", `${fill("a").slice(1)}b`, 0],
  ["(x+x+)+y", fill("x"), 0],
  [String.raw`\b(\w+\s?)*\z`, fill("ab "), 1],
  ["(?:a?){900}b", `${fill("a").slice(1)}b`, 0],
  ["[a-z]", fill("z"), 200],
  ["\n+", fill("\n"), 0],
  ["[^y]+", fill("\n"), 0],
])("%s reads a mebibyte in bounded time", async (pattern, text, hits) => {
  const rules = await own({ id: "r", pattern });
  const began = process.threadCpuUsage();
  expect(found(rules, "A", text)).toHaveLength(hits);
  // A backtracking engine would take longer than there is time.
  expect(secondsSince(began)).toBeLessThan(30);
});

test("a match that makes RE2 read on to the end, again and again, runs out of patience, which is said", async () => {
  const rules = await own({ id: "r", pattern: "(?:.*x|c)" });
  const began = process.threadCpuUsage();
  const { result, unread } = reading(() => found(rules, "A", fill("c")));
  expect(result.length).toBeGreaterThan(0);
  expect(unread).toMatchObject([{ message: "takes your own rules too long: they do not read the rest" }]);
  expect(secondsSince(began)).toBeLessThan(30);
});

test("of a longer value the first mebibyte is read, and never half of a character", async () => {
  const rules = await own({ id: "r", pattern: "tok_b*" }, { id: "half", pattern: "[^ab]$" });
  expect(found(rules, "A", `${" ".repeat(MIB - 5)}tok_bbb`)).toEqual(["r tok_b"]);
  expect(found(rules, "A", `${"a".repeat(MIB - 1)}😀`)).toEqual([]);
  expect(found(rules, "A", `${"a".repeat(MIB - 2)}😀`)).toEqual(["half 😀"]);
});

test("200 hits of all rules together, and what is allowed takes none of them", async () => {
  const rules = await own(
    { id: "a", pattern: "a_([0-9])", allow: { patterns: ["1"] } },
    { id: "b", pattern: "b_([0-9])" },
  );
  const text = "a_1 ".repeat(400) + "a_2 ".repeat(150) + "b_3 ".repeat(150);
  const hits = rules.find({ name: "A", text, path: "" });
  const count = (kind: string, id: string): number =>
    hits.filter((hit) => hit.kind === kind && hit.rule.id === id).length;
  expect([count("secret", "a"), count("secret", "b"), count("allowed", "a")]).toEqual([150, 50, 200]);
});
