import { expect, test } from "vitest";
import { deliveryText } from "../../src/core/plan-text.ts";
import { stepId } from "../../src/model/step-id.ts";

test("a delivery says of which service it is, where a unit has several", () => {
  const unit = "compose/shop";
  const step = { kind: "deliver", unit, moves: [], delivery: "shim", why: "the image has a shell" } as const;
  const texts = ["", "api"].map((part) => deliveryText({ ...step, id: stepId({ kind: "deliver", unit, part }) }));
  expect(texts).toEqual(["by shim: the image has a shell", "api: by shim: the image has a shell"]);
});
