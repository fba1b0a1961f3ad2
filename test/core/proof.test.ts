import { expect, test } from "vitest";
import { closingSentences, proofsOf } from "../../src/core/proof.ts";
import type { DeliveryName, Plan, Step } from "../../src/model/plan.ts";
import type { Receipt } from "../../src/model/receipt.ts";
import { planOf } from "./fixtures.ts";

const ID = "20261125-000000-aaaa";

/** A plan whose units are each put into the store and read back, and checked where `deliveries` names them. */
function checkedPlan(deliveries: { readonly [unit: string]: DeliveryName | null }): Plan {
  const plan = planOf(ID, Object.keys(deliveries));
  const steps = plan.steps.flatMap((step): Step[] => {
    if (step.kind !== "put") return [step];
    const { unit, move } = step;
    const verify: Step = { id: `verify:${unit}/A`, kind: "verify", unit, move };
    const delivery = deliveries[unit] ?? null;
    const limits = { graceMs: 5000, healthTimeoutMs: 90_000, tolerated: [] };
    const check: Step | null =
      delivery === null ? null : { id: `check:${unit}`, kind: "check", unit, delivery, moves: [move], ...limits };
    return check === null ? [step, verify] : [step, verify, check];
  });
  return { ...plan, steps };
}

const done = (step: string, data: Receipt["data"] = {}): Receipt => ({ at: "", step, state: "done", data });
const migrated = (unit: string): Receipt[] => [done(`verify:${unit}/A`), done(`unit:${unit}`)];
const SEEN = { inspect: "clean", disk: "clean", health: "healthy", started: true, received: ["A"] };
const STOPPED = { ...SEEN, health: "was not running before, so it was not started", started: false, received: [] };

function closing(plan: Plan, ...receipts: readonly Receipt[]): string[] {
  return closingSentences(proofsOf(plan, receipts));
}

test("an application that was seen with its values is claimed to have them", () => {
  const plan = checkedPlan({ web: "shim" });
  expect(closing(plan, ...migrated("web"), done("check:web/proof", SEEN))).toEqual([
    "Verified: the store gave back the same bytes; a fresh inspect shows no value; the running application has each value.",
  ]);
});

test("a plain word that inspect still shows elsewhere is named at the end", () => {
  const plan = checkedPlan({ web: "shim" });
  const tolerated = [{ name: "A", path: "Config.Env.USERNAME" }];
  const steps = plan.steps.map((step): Step => (step.kind === "check" ? { ...step, tolerated } : step));
  expect(closing({ ...plan, steps }, ...migrated("web"), done("check:web/proof", SEEN)).join("")).toContain(
    "a fresh inspect shows no value, except Config.Env.USERNAME (the plain word of A, which stays there); ",
  );
});

test("a value that was seen to be read from its file, and one that was written into it alone", () => {
  const plan = checkedPlan({ db: "file", web: "shim" });
  const seen = done("check:db/proof", { ...SEEN, by: { A: "read" } });
  const receipts = [...migrated("db"), seen];
  expect(closing(plan, ...receipts).join("")).toContain("the running application has read each value from its file");
  const both = [...receipts, ...migrated("web"), done("check:web/proof", SEEN)];
  expect(closing(plan, ...both).join("")).toContain("have each value, or have read it from its file");
  // As earlier versions recorded it.
  expect(closing(plan, ...migrated("db"), done("check:db/proof", SEEN))).toContain(
    "Not verified that the application has its values: db (whether the application has A).",
  );
  const unread = done("check:db/proof", { ...SEEN, received: [], by: {}, unread: ["A"] });
  expect(closing(plan, ...migrated("db"), unread)).toContain(
    "Not verified that the application has its values: db (delivered, not seen to be read: A).",
  );
});

test("a container that never started is named, and nothing is claimed of its application", () => {
  const plan = checkedPlan({ web: "shim", idle: "shim" });
  const receipts = [...migrated("web"), done("check:web/proof", SEEN), ...migrated("idle")];
  expect(closing(plan, ...receipts, done("check:idle/proof", STOPPED))).toEqual([
    "Verified: the store gave back the same bytes; a fresh inspect shows no value.",
    "Not verified that the application has its values: idle (never started: it was not running before).",
  ]);
  const [, idle] = proofsOf(plan, [...receipts, done("check:idle/proof", STOPPED)]);
  expect(idle?.verified.map(({ what }) => what)).toEqual(["store", "inspect", "disk"]);
  expect(idle?.notVerified.map(({ what }) => what)).toEqual(["health", "received"]);
});

test("journals of earlier versions, which do not say whether it started, claim no more", () => {
  const plan = checkedPlan({ idle: "shim" });
  const { started: _started, ...old } = STOPPED;
  expect(proofsOf(plan, [...migrated("idle"), done("check:idle/proof", old)])[0]?.reach).toBe("unseen");
});

test("a value that did not arrive, tasks elsewhere and a missing receipt are not verified", () => {
  const plan = checkedPlan({ web: "shim" });
  const after = (data: Receipt["data"]): string =>
    closing(plan, ...migrated("web"), done("check:web/proof", data)).at(-1) ?? "";
  expect(after({ ...SEEN, received: [] })).toContain("web (whether the application has A)");
  expect(after({ ...SEEN, elsewhere: 2 })).toContain("web (2 tasks on other nodes: only the spec was seen)");
  expect(closing(plan, ...migrated("web"))).toEqual([
    "Verified: the store gave back the same bytes.",
    "Not verified that the application has its values: web (no proof in the journal).",
  ]);
});

test("where nothing that runs was changed, only the store is verified", () => {
  expect(closing(checkedPlan({ "deploy.yaml": null }), ...migrated("deploy.yaml"))).toEqual([
    "Verified: the store gave back the same bytes.",
    "Not verified that the application has its values: deploy.yaml (nothing that runs was changed or inspected).",
  ]);
});

test("a unit that was undone, or not begun, has no proof", () => {
  const plan = checkedPlan({ web: "shim" });
  const undone: Receipt = { ...done("unit:web"), state: "undone" };
  expect(closing(plan, ...migrated("web"), undone)).toEqual([]);
  expect(closing(plan)).toEqual([]);
});
