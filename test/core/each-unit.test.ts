import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { storeMigration } from "../../migrations/store/index.ts";
import { apply } from "../../src/core/apply.ts";
import { eachUnit } from "../../src/core/each-unit.ts";
import { buildPlan } from "../../src/core/plan.ts";
import { route } from "../../src/core/route.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { locationAt } from "../../src/model/location.ts";
import type { Step } from "../../src/model/plan.ts";
import { hitOf, planOf } from "./fixtures.ts";
import { fresh } from "./verbs/stage.ts";
import { World } from "./verbs/world.ts";

// Entries of stores are worked on eight at once, and their values are known to the redactor only when something fails.

const NAMES = Array.from({ length: 20 }, (_, at) => `u${at}`);

const unitsIn = (subject: "store" | "container"): readonly (readonly [string, readonly Step[]])[] =>
  planOf("p", NAMES).steps.map((step) => {
    if (step.kind !== "put") throw new Error("not a put");
    return [step.unit, [{ ...step, move: { ...step.move, location: { ...step.move.location, subject } } }]];
  });

/** Counts who works at the same time: each waits until nobody else is begun any more. */
async function mostAtOnce(subject: "store" | "container"): Promise<number> {
  let [now, most] = [0, 0];
  await eachUnit(unitsIn(subject), async () => {
    most = Math.max(most, ++now);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    now--;
  });
  return most;
}

it("entries of stores eight at once, all else one after another", async () => {
  expect(await mostAtOnce("store")).toBe(8);
  expect(await mostAtOnce("container")).toBe(1);
});

it("the results are in the order of the units", async () => {
  expect(await eachUnit(unitsIn("store"), async (unit) => unit)).toEqual(NAMES);
});

it("after one that fails none is begun, and its error comes when those beside it have ended", async () => {
  const ended: string[] = [];
  const done = eachUnit(unitsIn("store"), async (unit) => {
    for (let turn = 0; turn < 50; turn++) {
      if (unit === "u3" && turn === 25) throw new UnsprawlError("failed", "u3");
      await Promise.resolve();
    }
    ended.push(unit);
  });
  await expect(done).rejects.toThrow("u3");
  expect(ended).toEqual(["u0", "u1", "u2", "u4", "u5", "u6", "u7"]);
});

it("an error that quotes a value of the old store shows none", async () => {
  const [value, key] = [fresh(), fingerprintKey(randomBytes(32))];
  const [from, to] = [World.of({}), World.of({})];
  from.store.set("web/A", value);
  const redactor = new Redactor();
  const state = mkdtempSync("/dev/shm/unsprawl-test-");
  mkdirSync(join(state, "runs"), { mode: 0o700 });
  const migration = route(["store"], async () => storeMigration({ store: async () => from.provider, key }), null);
  const reference = "ref+mem://web#/A";
  const subject = { kind: "store", name: "web", id: "old:web" } as const;
  const location = locationAt("old:", subject, "store", { kind: "reference", reference });
  const hit = hitOf("web", "A", value, key);
  const provider = {
    ...to.provider,
    put: async () => {
      throw new UnsprawlError("failed", `cannot write ${value.exposeText()}`);
    },
  };
  const host = { emit: () => undefined, ask: async () => false, signal: new AbortController().signal };
  const text = (one: string): string => redactor.foreign(one);
  const planned = await buildPlan(
    {
      hits: [{ ...hit, finding: { ...hit.finding, location }, candidate: { ...hit.candidate, location } }],
      ...{ deliver: "auto", overwrite: false, accept: new Set<string>(), graceMs: 1, healthTimeoutMs: 1 },
    },
    { migration, provider, key, redact: text, usersOf: async () => [] },
    host,
  );
  const tools = {
    ...{ migration, provider, key, state, breakLock: false, holders: async () => [] },
    ...{ know: redactor.know.bind(redactor), redact: text, quote: async (one: string) => one },
  };
  const ran = await apply(planned, tools, host);
  rmSync(state, { recursive: true });
  expect(ran.error?.message).toContain("cannot write [secret]");
  expect(JSON.stringify(ran)).not.toContain(value.exposeText());
});
