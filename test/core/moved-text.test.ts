import { expect, test } from "vitest";
import { changedText, movedText } from "../../src/core/moved-text.ts";
import type { Plan, Step } from "../../src/model/plan.ts";

const steps = (unit: string, ...kinds: string[]): Step[] => kinds.map((kind) => ({ unit, kind }) as unknown as Step);
const plan = (...all: Step[]): Plan => ({ steps: all }) as unknown as Plan;

const container = (name: string): Step[] => steps(name, "put", "verify", "deliver", "recreate", "check");
const service = { unit: "shop_web", kind: "recreate", outage: { update: {} } } as unknown as Step;

test.each<[text: string, moved: Plan]>([
  ["1 secret in 1 container", plan(...container("web"))],
  ["2 secrets in 2 containers", plan(...container("web"), ...container("db"))],
  ["3 secrets in 1 file", plan(...steps("app.env", "put", "put", "put", "rewrite"))],
  [
    "2 secrets in 3 services",
    plan(...steps("compose/shop", "put", "put", "rewrite", "recreate", "recreate", "recreate")),
  ],
  ["1 secret in 1 service", plan(...steps("shop_web", "put"), service)],
  ["2 secrets in 1 container, 1 image", plan(...container("web"), ...steps("shop:1", "put", "clean"))],
  ["0 secrets", plan()],
])("a plan moves %s", (text, moved) => {
  expect(movedText(moved)).toBe(text);
});

test("what is put back is counted without its secrets", () => {
  expect(changedText(plan(...container("web"), ...steps("app.env", "put", "rewrite")))).toBe("1 container, 1 file");
});
