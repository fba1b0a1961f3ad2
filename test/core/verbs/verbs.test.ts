import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Provider } from "../../../src/contract/provider.ts";
import { closingSentences } from "../../../src/core/proof.ts";
import { readJournal } from "../../../src/core/journal/journal.ts";
import { runState } from "../../../src/core/journal/runs.ts";
import { signPlan } from "../../../src/core/journal/signed-plan.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Plan } from "../../../src/model/plan.ts";
import type { Secret } from "../../../src/model/secret.ts";
import { fresh, Stage } from "./stage.ts";
import { World } from "./world.ts";

// The verbs that change something, driven through the real core, with a store and a format in memory.

const one = (): Stage => new Stage(World.of({ web: { A: fresh() } }));
const two = (): Stage => new Stage(World.of({ web: { A: fresh() }, api: { A: fresh() } }));

test("plan, apply, resume, rollback and scrub, one after the other", async () => {
  const stage = two();
  const [plan, before] = [await stage.plan("web", "api"), stage.outside()];
  expect(plan.steps.map(({ id }) => id)).toEqual(
    ["web", "api"].flatMap((unit) => [
      ...["put", "verify"].map((kind) => `${kind}:${unit}/A`),
      ...["deliver", "recreate", "check"].map((kind) => `${kind}:${unit}`),
    ]),
  );
  expect(stage.outside()).toEqual(before);
  const units = [{ state: "migrated" }, { state: "migrated" }];
  expect(await stage.apply(plan)).toMatchObject({ state: "done", units, error: null });
  const after = stage.outside();
  expect([...after.store.values()]).toEqual([...before.units.values()].flatMap(({ own }) => [...own.values()]));
  expect([...after.units.values()].map(({ runs }) => runs)).toEqual(["new", "new"]);
  expect(await stage.resume(plan.id)).toMatchObject({ state: "done", units, error: null });
  expect(stage.outside()).toEqual(after);
  expect(await stage.rollback(plan.id)).toMatchObject({ state: "rolled back", error: null });
  expect(stage.outside()).toEqual(before);
  const again = await stage.plan("web", "api");
  await stage.apply(again);
  expect(await stage.scrub(again.id)).toMatchObject({ removed: ["the old web", "the old api"], left: [] });
  await expect(stage.rollback(again.id)).rejects.toMatchObject({ code: "refused" });
  expect(stage.outside().store).toEqual(after.store);
});

test("a store that gives back other bytes undoes the run", async () => {
  const stage = one();
  const [plan, other] = [await stage.plan("web"), fresh()];
  const touched: string[] = [];
  stage.world.onEffect = (what) => void touched.push(what);
  stage.world.given = (there) => there && other;
  const message = expect.stringContaining("does not hold the bytes that were written") as string;
  expect(await stage.apply(plan)).toMatchObject({ state: "failed", error: { code: "changed", message } });
  // The unit was never touched, and what somebody else seems to have written is left alone.
  expect(new Set(touched)).toEqual(new Set(["store: put web/A"]));
});

test("a store that does not have what was written undoes the run", async () => {
  const stage = one();
  const [plan, before] = [await stage.plan("web"), stage.outside()];
  stage.world.given = () => null;
  expect(await stage.apply(plan)).toMatchObject({ state: "failed", error: { code: "changed" } });
  expect(stage.outside()).toEqual(before);
});

describe("the last look at the store", () => {
  const lookAt = (stage: Stage, act: () => void): void => {
    // Once the new one has started, the store is read once more.
    stage.world.onEffect = (what, when) => {
      if (when === "after" && what === "web: start the new one") act();
    };
  };

  test.each<[what: string, meddle: (stage: Stage) => void]>([
    ["was taken away meanwhile", ({ world }) => world.store.clear()],
    ["was overwritten meanwhile", ({ world }) => world.store.set("web/A", fresh())],
  ])("undoes a run whose entry %s", async (_what, meddle) => {
    const stage = one();
    const [plan, before] = [await stage.plan("web"), stage.outside()];
    lookAt(stage, () => meddle(stage));
    expect(await stage.apply(plan)).toMatchObject({ error: { code: "changed" } });
    expect(stage.outside().units).toEqual(before.units);
  });

  test.each([
    ["is no reason to undo what this run has written", null, "done"],
    ["undoes a run that has found the value there", "same", "failed"],
  ])("a store that cannot be asked now %s", async (_what, found, state) => {
    const stage = one();
    const value = stage.world.units.get("web")?.own.get("A") ?? fresh();
    if (found !== null) stage.world.store.set("web/A", value);
    const plan = await stage.plan("web");
    lookAt(stage, () => {
      let isAsked = false;
      stage.world.given = (there) => {
        if (isAsked) return there;
        isAsked = true;
        throw new UnsprawlError("unreachable", "no answer", "start it");
      };
    });
    expect(await stage.apply(plan)).toMatchObject({ state });
  });
});

describe("what stays where it was, in another store", () => {
  const planned = async (stage: Stage, ...units: readonly string[]): Promise<Plan> => {
    const plan = await stage.plan(...(units.length > 0 ? units : ["web"]));
    const steps = plan.steps.map((step) =>
      "move" in step
        ? { ...step, move: { ...step.move, location: { ...step.move.location, subject: "store" as const } } }
        : step,
    );
    return signPlan({ ...plan, steps }, stage.key);
  };
  const staying = (stage = one()): Stage => {
    Object.assign(stage.world.migration, { plan: async (unit: string) => ({ unit, warnings: [], steps: [] }) });
    return stage;
  };
  const readAs = ({ world }: Stage, there: () => Secret | null): void => {
    // From the write on: the first reading was before it.
    world.onEffect = (_what, when) =>
      void (when === "after" && Object.assign(world.migration, { read: async () => there() }));
  };

  test.each<[what: string, is: string, there: () => Secret | null]>([
    ["is another value by now", "source-changed", fresh],
    ["is gone by now", "source-gone", () => null],
    [
      "cannot be asked now",
      "unread",
      () => {
        throw new UnsprawlError("unreachable", "no answer", "start it");
      },
    ],
  ])("and %s is named at the end, and what may be its last copy stays", async (_what, is, there) => {
    const stage = staying();
    const plan = await planned(stage);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["put", "verify"]);
    readAs(stage, there);
    const [put] = plan.steps;
    const entry = put?.kind === "put" ? put.move.location.path : "";
    const result = await stage.apply(plan);
    expect(result).toMatchObject({
      state: "partly",
      units: [{ unit: "web", state: "migrated" }],
      compared: { of: 1, equal: 0, different: [{ unit: "web", name: "A", entry, is }] },
    });
    expect(result.error?.message).toContain("0 of 1 value is equal in both stores");
    expect(stage.world.store.size).toBe(1);
  });

  test("and is equal in both at the end is said to be", async () => {
    const stage = staying();
    const result = await stage.apply(await planned(stage));
    expect(result).toMatchObject({ state: "done", compared: { of: 1, equal: 1, different: [] } });
    expect(closingSentences(result.proofs, result.compared)).toEqual([
      "Verified: the store gave back the same bytes; 1 of 1 value is equal in both stores.",
    ]);
  });

  test("a unit that fails is undone once those beside it have ended, and these are compared", async () => {
    const stage = staying(two());
    const plan = await planned(stage, "web", "api");
    const { provider } = stage.world;
    let apiIsIn = (): void => undefined;
    const afterApi = new Promise<void>((done) => (apiIsIn = done));
    const other: Provider = {
      ...provider,
      async put(key, ...more) {
        if (key.path === "api") return provider.put(key, ...more).finally(apiIsIn);
        await afterApi;
        throw new UnsprawlError("denied", "no right to write", "ask for it");
      },
    };
    const result = await stage.apply(plan, { provider: other });
    expect(result).toMatchObject({ state: "partly", compared: { different: [] } });
    expect(result.compared?.of).toBe(plan.steps.filter(({ kind, unit }) => kind === "put" && unit === "api").length);
    const states = Object.fromEntries(result.units.map(({ unit, state }) => [unit, state]));
    expect(states).toEqual({ web: "undone", api: "migrated" });
    expect([...stage.world.store.keys()].every((key) => key.startsWith("api"))).toBe(true);
  });

  test("a run that was moved whole and not compared says so, and is compared by resume", async () => {
    const stage = staying();
    const plan = await planned(stage);
    const cancel = new AbortController();
    const { provider } = stage.world;
    let reads = 0;
    const other: Provider = {
      ...provider,
      get: async (key) => {
        if (++reads === 2) cancel.abort();
        return provider.get(key);
      },
    };
    stage.signal = cancel.signal;
    const result = await stage.apply(plan, { provider: other });
    stage.signal = new AbortController().signal;
    expect(result.error).toMatchObject({
      message: "1 of 1 migrated, but not compared at the end: cancelled",
      hint: `unsprawl resume ${plan.id} compares both stores`,
    });
    expect(runState(stage.state, readJournal(stage, plan.id))).toBe("unfinished");
    expect(await stage.resume(plan.id)).toMatchObject({ state: "done", compared: { of: 1, equal: 1 } });
  });

  test("and was changed in the new store meanwhile is not equal, whoever did it", async () => {
    const stage = staying();
    const plan = await planned(stage);
    const { provider } = stage.world;
    let reads = 0;
    const other: Provider = {
      ...provider,
      // The write looks first, then it is read back; from then on somebody else's value is there.
      get: async (key) => (++reads > 2 ? { value: fresh(), version: "9" } : provider.get(key)),
    };
    const result = await stage.apply(plan, { provider: other });
    expect(result).toMatchObject({ state: "partly", compared: { equal: 0, different: [{ is: "target-changed" }] } });
  });
});

test("read-only: no verb changes anything", async () => {
  const stage = two();
  const [plan, later] = [await stage.plan("web"), await stage.plan("api")];
  await stage.apply(plan);
  const [outside, journals] = [stage.outside(), stage.journals()];
  for (const act of [
    () => stage.apply(later, { readOnly: true }),
    () => stage.resume(plan.id, { readOnly: true }),
    () => stage.rollback(plan.id, { readOnly: true }),
    () => stage.scrub(plan.id, { readOnly: true }),
  ])
    await expect(act()).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/^read-only/) as string,
    });
  expect([stage.outside(), stage.journals()]).toEqual([outside, journals]);
});

/** The effects of an undisturbed run, in order. */
async function effects(make: () => Stage): Promise<readonly string[]> {
  const stage = make();
  const seen: string[] = [];
  stage.world.onEffect = (what, when) => void (when === "before" && seen.push(what));
  await stage.apply(await stage.plan("web", "api"));
  return seen;
}

test("cancelled at any effect: what was begun is put back, although the signal stays cancelled", async () => {
  for (const what of await effects(two)) {
    const stage = two();
    const [plan, before, control] = [await stage.plan("web", "api"), stage.outside(), new AbortController()];
    stage.signal = control.signal;
    stage.world.onEffect = (now) => {
      if (now === what) control.abort();
    };
    const { state, units } = await stage.apply(plan);
    const ends = units.map((unit) => unit.state);
    expect(["interrupted", "partly", "done"], what).toContain(state);
    expect(["undone", "not begun", "migrated"], `${what}: ${ends.join()}`).toEqual(expect.arrayContaining(ends));
    stage.signal = new AbortController().signal;
    await stage.rollback(plan.id);
    expect(stage.outside(), what).toEqual(before);
  }
});

test("failed at any effect: the unit is as before, and what others have stays", async () => {
  for (const what of await effects(two)) {
    const stage = two();
    const [plan, before] = [await stage.plan("web", "api"), stage.outside()];
    stage.world.fails = what;
    const { error, units } = await stage.apply(plan);
    expect(error?.message, what).toContain(`cannot ${what}`);
    const unit = units.find((one) => one.error !== null)?.unit ?? "";
    expect(stage.outside().units.get(unit), what).toEqual(before.units.get(unit));
    expect(stage.outside().store.has(`${unit}/A`), what).toBe(false);
  }
});

describe("an entry stays in the store when a run is undone", () => {
  test("while another run relies on it", async () => {
    const value = fresh();
    const stage = new Stage(World.of({ web: { A: value }, api: { A: value } }));
    const shared: Provider["key"] = ({ name }) => ({ path: "shared", field: name });
    stage.world.provider.key = shared;
    const first = await stage.plan("web");
    await stage.apply(first);
    const second = await stage.plan("api");
    await stage.apply(second);
    const moment = stage.now();
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const next = stage.after(moment);
      next.world.provider.key = shared;
      const stored: number[] = [];
      for (const { id } of order) {
        expect(await next.rollback(id)).toMatchObject({ state: "rolled back" });
        stored.push(next.outside().store.size);
      }
      // Only the run that wrote it takes it out, and not while the other needs it: the first one, undone first, leaves it.
      expect(stored).toEqual(order[0] === first ? [1, 1] : [1, 0]);
    }
  });

  test("while a container refers to it, whoever migrated that", async () => {
    const stage = one();
    const plan = await stage.plan("web");
    await stage.apply(plan);
    stage.holders = [{ name: "other", project: "", references: ["ref+mem://web#/A"] }];
    const [unit] = (await stage.rollback(plan.id)).units;
    expect(unit).toMatchObject({ state: "undone", notes: ["A stays in the store: container other refers to it"] });
    expect(stage.outside().store.size).toBe(1);
  });

  test("if the value is only in a copy that the run keeps", async () => {
    const stage = one();
    const plan = await stage.plan("web");
    await stage.apply(plan);
    stage.world.leaves = "web";
    const { state, units } = await stage.rollback(plan.id);
    expect([state, units[0]?.state]).toEqual(["partly", "partly undone"]);
    expect(stage.outside().store.size).toBe(1);
  });

  test("if it has another value by now", async () => {
    const stage = one();
    const [plan, newer] = [await stage.plan("web"), fresh()];
    await stage.apply(plan);
    stage.world.store.set("web/A", newer);
    await stage.rollback(plan.id);
    expect([...stage.outside().store.values()]).toEqual([newer]);
  });
});

test("a journal of which any line was changed, moved or taken out is refused by each verb, which changes nothing", async () => {
  const stage = one();
  const plan = await stage.plan("web");
  await stage.apply(plan);
  const name = `${plan.id}.jsonl`;
  const lines = (stage.journals().get(name) ?? "").split(/(?<=\n)/);
  const moment = stage.now();
  for (const [nth, line] of lines.entries()) {
    const changed = line.replace(/"step":"[^"]*"/, '"step":"other"');
    const forged = [lines.with(nth, changed)];
    if (nth < lines.length - 1)
      forged.push(lines.toSpliced(nth, 1), lines.toSpliced(nth, 2, lines[nth + 1] ?? "", line));
    for (const text of forged) {
      const next = stage.after(moment);
      writeFileSync(join(next.state, "runs", name), text.join(""));
      const before = next.outside();
      for (const verb of ["resume", "rollback", "scrub"] as const)
        await expect(next[verb](plan.id), `${verb} at line ${nth + 1}`).rejects.toMatchObject({ code: "refused" });
      expect(next.outside()).toEqual(before);
    }
  }
});

describe("nothing is written for a plan", () => {
  test.each<[what: string, code: string, spoil: (plan: Plan, stage: Stage) => Plan]>([
    ["of which a unit has changed", "changed", (plan, { world }) => ((world.units.get("api")!.runs = "none"), plan)],
    ["that was changed", "refused", (plan) => ({ ...plan, createdAt: `${plan.createdAt}Z` })],
    [
      "of another engine",
      "changed",
      (plan, { key }) => signPlan({ ...plan, engine: { ...plan.engine, id: "OTHER" } }, key),
    ],
  ])("%s", async (_what, code, spoil) => {
    const stage = two();
    const plan = spoil(await stage.plan("web", "api"), stage);
    const before = stage.outside();
    await expect(stage.apply(plan)).rejects.toMatchObject({ code });
    expect([stage.outside(), stage.journals().size]).toEqual([before, 0]);
  });

  test("whose value has changed since: that unit stays as it is", async () => {
    const stage = one();
    const plan = await stage.plan("web");
    stage.world.units.set("web", { own: new Map([["A", fresh()]]), runs: "old", isKept: false, files: false });
    const before = stage.outside();
    const { units } = await stage.apply(plan);
    expect(units).toMatchObject([
      { state: "partly undone", notes: expect.arrayContaining(["A is not where it was"]) as string[] },
    ]);
    expect(stage.outside()).toEqual(before);
  });
});

test("a value that somebody has put there since the plan was made is not overwritten", async () => {
  const stage = one();
  const [plan, theirs] = [await stage.plan("web"), fresh()];
  stage.world.store.set("web/A", theirs);
  expect(await stage.apply(plan)).toMatchObject({ state: "failed", error: { code: "conflict" } });
  expect([...stage.outside().store.values()]).toEqual([theirs]);
});

test("scrub keeps what a run kept while the store lacks a value", async () => {
  const stage = one();
  const plan = await stage.plan("web");
  await stage.apply(plan);
  stage.world.store.clear();
  const before = stage.outside();
  await expect(stage.scrub(plan.id)).rejects.toMatchObject({ code: "refused", hint: `unsprawl rollback ${plan.id}` });
  expect(stage.outside()).toEqual(before);
});

test("a scrub that fails names what is gone; the same command deletes the rest", async () => {
  const stage = two();
  const plan = await stage.plan("web", "api");
  await stage.apply(plan);
  stage.world.onEffect = (what) => {
    if (what === "api: delete the old one") throw new UnsprawlError("unreachable", "the engine does not answer");
  };
  await expect(stage.scrub(plan.id)).rejects.toMatchObject({
    code: "unreachable",
    message: "the engine does not answer; what the run kept is deleted in part (the old web)",
    hint: `unsprawl scrub ${plan.id}`,
  });
  stage.world.onEffect = () => undefined;
  expect(await stage.scrub(plan.id)).toMatchObject({ removed: ["the old api"], left: [] });
});
