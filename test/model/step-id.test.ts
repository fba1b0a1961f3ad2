import { describe, expect, it } from "vitest";
import { partOfStep, siblingId, stepId, subjectOfStep, type StepName } from "../../src/model/step-id.ts";

// Saved plans and journals have these ids: they stay as they are.
describe("the id of a step", () => {
  it.each<[id: string, name: StepName]>([
    ["check:web", { kind: "check", unit: "web" }],
    ["put:web/DB_PASSWORD", { kind: "put", unit: "web", part: "DB_PASSWORD" }],
    ["put:shop/api/DB_PASSWORD#2", { kind: "put", unit: "shop", part: "api/DB_PASSWORD", nth: 2 }],
    ["recreate:shop/api", { kind: "recreate", unit: "shop", part: "api" }],
    ["rewrite:/srv/put:/a.env", { kind: "rewrite", unit: "/srv/put:/a.env" }],
  ])("is %s, and says what the step is about", (id, name) => {
    expect(stepId(name)).toBe(id);
    const step = { id, kind: name.kind, unit: name.unit };
    expect(subjectOfStep(step)).toBe(id.slice(id.indexOf(":") + 1));
    expect(partOfStep(step)).toBe([name.part ?? "", ...(name.nth === undefined ? [] : [name.nth])].join("#"));
  });

  it.each([
    ["a put's verify", { kind: "put", unit: "put:web", part: "put:X" }, "verify", "verify:put:web/put:X"],
    ["the recreate of a check", { kind: "check", unit: "shop", part: "api" }, "recreate", "recreate:shop/api"],
  ] as const)("of %s has the same unit and part", (_, name, kind, id) => {
    expect(siblingId({ id: stepId(name), ...name }, kind)).toBe(id);
  });
});
