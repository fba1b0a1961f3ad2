import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { filesBelow } from "../support/canary.ts";
import { expectTold, useRig } from "./rig.ts";
import { Subject } from "./subject.ts";

useRig();

describe("a command line or a plan that is wrong", () => {
  it("exit 2, nothing is done", async () => {
    for (const words of [
      ["migrate", "SUBJECT", "--to", "vault"],
      ["migrate", "SUBJECT", "--to", "vault", "--yess"],
      ["migrate", "SUBJECT", "--yes"],
      ["migrate", "SUBJECT", "--to", "volt", "--yes"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--deliver", "magic"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--grace", "soon"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--accept", "all"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--format", "json"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--config", "nowhere.yaml"],
      ["migrate", "NAME", "--to", "vault", "--yes"],
      ["migrate", "dokker:NAME", "--to", "vault", "--yes"],
      ["scan", "--to", "vault"],
      ["scan", "--format", "xml"],
      ["scan", "--json", "--format", "html"],
      ["apply"],
      ["apply", "nowhere.json"],
      ["apply", "plan.json", "more"],
      ["rollback", "../../etc/passwd"],
      ["migrait"],
    ]) {
      const args = words.map((word) => word.replace("SUBJECT", `docker:${usage.name}`).replace("NAME", usage.name));
      expectTold(await usage.world.unsprawl(args), 2, /./);
      expect(await usage.isUntouched(), args.join(" ")).toBe(true);
    }
    await usage.expectAsBefore(true);
    await usage.expectNothingLeft();
    expect(filesBelow(join(usage.world.dir, "state/unsprawl/runs"))).toEqual([]);
  });

  type Json = { [key: string]: unknown };
  type Step = Json & { kind: string };
  const withStep = (kind: string, change: (step: Step) => Json) => (plan: Json) => ({
    ...plan,
    steps: (plan["steps"] as Step[]).map((step) => (step.kind === kind ? change(step) : step)),
  });
  const without =
    (key: string) =>
    (from: Json): Json =>
      Object.fromEntries(Object.entries(from).filter(([name]) => name !== key));
  const wrong: readonly (readonly [what: string, change: (plan: Json, text: string) => unknown])[] = [
    ["empty", () => ""],
    ["cut short", (_, text) => text.slice(0, -20)],
    ["null", () => null],
    ["a list", () => []],
    ["of another version", (plan) => ({ ...plan, version: 2 })],
    ["with a path for an id", (plan) => ({ ...plan, id: "../../../tmp/x" })],
    ["without an engine", without("engine")],
    ["without a store", without("store")],
    ["without a key id", without("keyId")],
    ["of an unknown migration", (plan) => ({ ...plan, migration: "magic" })],
    ["of a migration that every object has", (plan) => ({ ...plan, migration: "constructor" })],
    ["with an unknown kind of step", withStep("verify", (step) => ({ ...step, kind: "delete" }))],
    ["with an unknown delivery", withStep("recreate", (step) => ({ ...step, delivery: "magic" }))],
    ["with a put without its move", withStep("put", without("move"))],
    ["with a recreate without its subject", withStep("recreate", without("subject"))],
    ["with a check without its moves", withStep("check", without("moves"))],
    [
      "without its recreate steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "recreate") }),
    ],
    [
      "without its verify steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "verify") }),
    ],
    [
      "without its check steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "check") }),
    ],
    ["in another order", (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).toReversed() })],
    [
      "without its put steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "put") }),
    ],
    ["with a null step", (plan) => ({ ...plan, steps: [null] })],
    ["of another engine", (plan) => ({ ...plan, engine: { id: "another", address: "unix:///another" } })],
    ["of another installation", (plan) => ({ ...plan, keyId: "00000000" })],
  ];
  it("a plan is refused, nothing is done", async () => {
    for (const [what, change] of wrong) {
      const text = readFileSync(join(usage.world.dir, "plan.json"), "utf8");
      const changed = change(JSON.parse(text) as Json, text);
      const file = join(usage.world.dir, "changed.json");
      writeFileSync(file, typeof changed === "string" ? changed : JSON.stringify(changed));
      const ran = await usage.world.unsprawl(["apply", "changed.json"]);
      expectTold(ran, ran.code === 1 ? 1 : 2, /plan|engine|store|delivery/);
      expect(await usage.isUntouched(), what).toBe(true);
    }
    await usage.expectAsBefore(true);
    await usage.expectNothingLeft();
  });

  let usage: Subject;
  beforeAll(async () => {
    usage = new Subject("usage");
    await usage.plan("vault");
  });
});
