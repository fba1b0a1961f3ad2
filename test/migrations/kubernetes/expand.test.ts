import { expect, it } from "vitest";
import { expandValue } from "../../../migrations/kubernetes/syntax/expand.ts";

// The rows of Kubernetes' own expansion test: third_party/forked/golang/expansion.
it.each([
  ["$(VAR_A)", "$(VAR_A)", ["VAR_A"]],
  ["___$(VAR_B)___", "___$(VAR_B)___", ["VAR_B"]],
  ["$(VAR_A)$(VAR_B)", "$(VAR_A)$(VAR_B)", ["VAR_A", "VAR_B"]],
  ["f000-$$VAR_A", "f000-$VAR_A", []],
  ["foo\\$(VAR_C)bar", "foo\\$(VAR_C)bar", ["VAR_C"]],
  ["$$(VAR_A)_$(VAR_B)", "$(VAR_A)_$(VAR_B)", ["VAR_B"]],
  ["$$$$$$(BIG_MONEY)", "$$$(BIG_MONEY)", []],
  ["$$$$$(GOOD_ODDS)", "$$$(GOOD_ODDS)", ["GOOD_ODDS"]],
  ["$VAR_A", "$VAR_A", []],
  ["${VAR_A}", "${VAR_A}", []],
  ["$(unclosed", "$(unclosed", []],
  ["ends in $", "ends in $", []],
  ["", "", []],
])("%j is %j", (text, value, uses) => {
  expect(expandValue(text)).toEqual({ value, uses });
});
