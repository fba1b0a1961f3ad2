import { expect, test } from "vitest";
import { exposedSecrets } from "../../src/core/exposed.ts";
import type { Plan, Step } from "../../src/model/plan.ts";
import type { Receipt } from "../../src/model/receipt.ts";
import { locationOf, planOf } from "./fixtures.ts";

const put = (unit: string, name: string, rule: string | null, where: "env" | "store" = "env"): Step => ({
  id: `put:${unit}/${name}`,
  kind: "put",
  unit,
  found: "absent",
  overwrite: false,
  move: {
    name,
    location: { ...locationOf(unit), where },
    fingerprint: "f",
    length: 1,
    key: { path: unit, field: name },
    reference: "",
    ...(rule !== null && { finding: { id: "0", fingerprint: "f", rule } }),
  },
});

const plan: Plan = {
  ...planOf("20261125-000000-aaaa"),
  steps: [
    put("api", "DB_PASSWORD", "password"),
    put("api", "STRIPE", "stripe-key"),
    put("web", "DB_PASSWORD", "password"),
    put("old", "TOKEN", null),
    put("safe", "KEPT", "stored-secret", "store"),
  ],
};

const done = (unit: string): Receipt => ({ at: "", step: `unit:${unit}`, state: "done", data: {} });
const undone = (unit: string): Receipt => ({ ...done(unit), state: "undone" });

test("what was moved is told by rule; what came from a store was exposed to nobody", () => {
  expect(exposedSecrets(plan, ["api", "web", "old", "safe"].map(done))).toEqual([
    {
      rule: "password",
      secrets: [
        { name: "DB_PASSWORD", subject: "api" },
        { name: "DB_PASSWORD", subject: "web" },
      ],
    },
    { rule: "stripe-key", secrets: [{ name: "STRIPE", subject: "api" }] },
    { rule: null, secrets: [{ name: "TOKEN", subject: "old" }] },
  ]);
});

test("passwords of different services are told apart: they are changed in different ways", () => {
  const step = put("api", "REDIS_URL", "url-password") as Extract<Step, { kind: "put" }>;
  const finding = { id: "0", fingerprint: "f", rule: "url-password", service: "redis" } as const;
  const redis = { ...step, move: { ...step.move, finding } };
  const steps = [put("api", "DATABASE_URL", "url-password"), redis];
  expect(exposedSecrets({ ...plan, steps }, [done("api")])).toEqual([
    { rule: "url-password", secrets: [{ name: "DATABASE_URL", subject: "api" }] },
    { rule: "url-password", service: "redis", secrets: [{ name: "REDIS_URL", subject: "api" }] },
  ]);
});

test("what was put back, or not begun, is not told", () => {
  expect(exposedSecrets(plan, [done("api"), undone("api"), done("web")])).toEqual([
    { rule: "password", secrets: [{ name: "DB_PASSWORD", subject: "web" }] },
  ]);
  expect(exposedSecrets(plan, [])).toEqual([]);
});

test("each secret of a value that held several is named, by its own rule", () => {
  const step = put("api", "SETTINGS", "assignment");
  if (step.kind !== "put") throw new Error("no put step");
  const secrets = [
    { rule: "assignment", path: "json → db.password" },
    { rule: "stripe-key", path: "json → stripe" },
  ];
  const several: Plan = { ...plan, steps: [{ ...step, move: { ...step.move, secrets } }] };
  expect(exposedSecrets(several, [done("api")])).toEqual([
    { rule: "assignment", secrets: [{ name: "SETTINGS: json → db.password", subject: "api" }] },
    { rule: "stripe-key", secrets: [{ name: "SETTINGS: json → stripe", subject: "api" }] },
  ]);
});
