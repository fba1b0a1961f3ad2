import { expect, test } from "vitest";
import { deliveryText } from "../../src/core/plan-text.ts";
import type { Move } from "../../src/model/plan.ts";
import { stepId } from "../../src/model/step-id.ts";

test("a delivery says of which service it is, where a unit has several", () => {
  const unit = "compose/shop";
  const step = { kind: "deliver", unit, moves: [], delivery: "shim", why: "the image has a shell" } as const;
  const texts = ["", "api"].map((part) => deliveryText({ ...step, id: stepId({ kind: "deliver", unit, part }) }));
  expect(texts).toEqual(["by shim: the image has a shell", "api: by shim: the image has a shell"]);
});

test("and of which container, where a script starts several", () => {
  const location = { subjectName: "run.sh:3 db" } as Move["location"];
  const moves = [{ name: "DB_PASSWORD", location } as Move];
  const id = stepId({ kind: "deliver", unit: "run.sh_3_db-1f-20261129-000000-0000" });
  const step = { kind: "deliver", unit: "/srv/run.sh", id, moves, delivery: "shim", why: "it has a shell" } as const;
  expect(deliveryText(step)).toBe("run.sh:3 db: by shim: it has a shell");
});
