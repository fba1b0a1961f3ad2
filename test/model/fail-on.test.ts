import { expect, it } from "vitest";
import { FAIL_ON, isAtLeast, passesMore } from "../../src/model/fail-on.ts";
import { CONFIDENCES, SEVERITIES } from "../../src/model/finding.ts";

it.each([
  ["low", "low", "low", true],
  ["medium", "low", "critical", false],
  ["high", "high", "low", true],
  ["critical", "low", "critical", true],
  ["critical", "high", "high", false],
  ["severity:high", "low", "high", true],
  ["severity:high", "high", "medium", false],
  ["never", "high", "critical", false],
] as const)("--fail-on %s: %s confidence and %s severity fail: %s", (failOn, confidence, severity, fails) => {
  expect(isAtLeast({ confidence, severity }, failOn)).toBe(fails);
});

it("a file that needs trust may not let more pass: by confidence, by severity, or across both", () => {
  expect(FAIL_ON).toHaveLength(CONFIDENCES.length + 1 + SEVERITIES.length + 1);
  const passing = (base: (typeof FAIL_ON)[number]): readonly string[] => FAIL_ON.filter((one) => passesMore(one, base));
  expect(passing("low")).toEqual(FAIL_ON.filter((one) => one !== "low" && one !== "severity:low"));
  expect(passing("severity:high")).toEqual(["medium", "high", "critical", "severity:critical", "never"]);
  expect(passing("medium")).toEqual(FAIL_ON.filter((one) => !["low", "medium", "severity:low"].includes(one)));
  expect(passing("never")).toEqual([]);
});
