import { expect, test } from "vitest";
import { changedText, movedText } from "../../src/core/moved-text.ts";
import type { Plan, Step } from "../../src/model/plan.ts";

const IN_CONTAINER = { subject: "container" };
const steps = (unit: string, ...kinds: string[]): Step[] =>
  kinds.map(
    (kind, at) =>
      ({
        unit,
        kind,
        id: `${unit}:${at}`,
        move: { fingerprint: `${unit}:${at}`, location: IN_CONTAINER },
      }) as unknown as Step,
  );
const plan = (...all: Step[]): Plan => ({ steps: all }) as unknown as Plan;

/** A value with these secrets in it. */
const put = (unit: string, first: string, ...more: string[]): Step => {
  const finding = { fingerprint: first };
  const secrets = more.length === 0 ? undefined : [first, ...more].map((fingerprint) => ({ fingerprint }));
  return {
    unit,
    kind: "put",
    id: `${unit}:${first}`,
    move: { fingerprint: unit, finding, secrets, location: IN_CONTAINER },
  } as unknown as Step;
};
const container = (name: string): Step[] => steps(name, "put", "verify", "deliver", "recreate", "check");
const service = { unit: "shop_web", kind: "recreate", outage: { update: {} } } as unknown as Step;

/** An entry of another store. */
const entry = (unit: string, name: string): Step =>
  ({ unit, kind: "put", id: name, move: { fingerprint: name, location: { subject: "store" } } }) as unknown as Step;

test.each<[text: string, moved: Plan]>([
  ["1 secret in 1 store entry", plan(entry("api", "a"))],
  ["3 secrets in 3 store entries", plan(entry("api", "a"), entry("api", "b"), entry("db", "c"))],
  ["1 secret in 1 container", plan(...container("web"))],
  ["2 secrets in 2 containers", plan(...container("web"), ...container("db"))],
  ["3 secrets in 1 file", plan(...steps("app.env", "put", "put", "put", "rewrite"))],
  [
    "2 secrets in 3 services",
    plan(...steps("compose/shop", "put", "put", "rewrite", "recreate", "recreate", "recreate")),
  ],
  ["1 secret in 1 service", plan(...steps("shop_web", "put"), service)],
  ["2 secrets in 1 container, 1 image", plan(...container("web"), ...steps("shop:1", "put", "clean"))],
  ["1 secret in 2 containers", plan(put("web", "a"), put("db", "a"))],
  ["2 secrets in 1 container", plan(put("web", "a", "b"), put("web", "b"))],
  ["0 secrets", plan()],
])("a plan moves %s", (text, moved) => {
  expect(movedText(moved)).toBe(text);
});

test("what is put back is counted without its secrets", () => {
  expect(changedText(plan(...container("web"), ...steps("app.env", "put", "rewrite")))).toBe("1 container, 1 file");
});
