import { describe, expect, test } from "vitest";
import { explain, kit, ruleById, rules, type Example, type Rule } from "../../src/detect/index.ts";
import { askExample } from "./ask.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const made = (rule: Rule, kind: "examples" | "counterExamples"): readonly Example[] =>
  SEEDS.flatMap((seed) => rule[kind](kit(seed)));

/** What a rule does to an example: `secret` at medium or more, `public` when the rule cleared it, else `nothing`. */
function effect(rule: Rule, example: Example): "secret" | "public" | "nothing" {
  const verdict = askExample(example);
  if (verdict.secret) return verdict.score >= 0.6 ? "secret" : "nothing";
  return verdict.rule === rule.id ? "public" : "nothing";
}

describe("the table of rules", () => {
  test("ids are unique and plain", () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
    expect(rules.filter((rule) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(rule.id))).toEqual([]);
  });

  test("every rule has a description and a reference; a pattern has keywords in lower case", () => {
    const typed = rules.filter((rule) => rule.pattern !== null);
    expect(rules.filter((rule) => !rule.reference.startsWith("https://") || rule.description.length < 6)).toEqual([]);
    expect(typed.filter((rule) => rule.keywords.length === 0)).toEqual([]);
    expect(rules.flatMap((rule) => rule.keywords).filter((word) => word !== word.toLowerCase())).toEqual([]);
    expect(typed.length).toBeGreaterThan(150);
  });

  test.each(rules.map((rule) => [rule.id, rule] as const))("%s fires on its examples", (_id, rule) => {
    const effects = made(rule, "examples").map((example) => effect(rule, example));
    expect(effects).toEqual(effects.map(() => (rule.publishable ? "public" : "secret")));
  });

  test.each(rules.map((rule) => [rule.id, rule] as const))("%s does not fire on its counter-examples", (_id, rule) => {
    const fired = made(rule, "counterExamples").filter((example) => askExample(example).rule === rule.id);
    expect(fired).toEqual([]);
  });

  test("typed rules name themselves; where two vendors share a shape, the surer one answers", () => {
    const typed = rules.filter((rule) => rule.pattern !== null && !rule.publishable);
    const other = typed.filter((rule) =>
      made(rule, "examples").some((example) => askExample(example).rule !== rule.id),
    );
    expect(other.map((rule) => rule.id)).toEqual(["notification-url"]);
  });

  test("a rule is told with an example that is made up each time", () => {
    const rule = ruleById("github-token");
    expect(rule && explain(rule)).toMatchObject({ id: "github-token", vendor: "GitHub", verdict: "secret" });
    expect(ruleById("no-such-rule")).toBeNull();
  });
});
