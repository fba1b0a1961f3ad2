import { describe, expect, test } from "vitest";
import { fresh, Stage, type Moment } from "./stage.ts";
import { World, type Outside } from "./world.ts";

// A machine may die before and after each effect, and between any two lines of the journal. At each of these moments
// every value is somewhere, and whoever comes next finishes the run or undoes it.

const [same, replaced] = [fresh(), fresh()];

/** Two units. Of what moves, the store has nothing, the same, and another value, which is overwritten. */
function stage(): Stage {
  const world = World.of({ web: { A: fresh(), B: same, C: fresh() }, api: { A: fresh() } });
  world.store.set("web/B", same).set("web/C", replaced);
  return new Stage(world);
}

/** The values that nothing holds: neither a unit that runs as it was, nor the store. */
function lost({ store, units }: Outside, more = [replaced]): readonly string[] {
  const isStored = (value: typeof same): boolean => [...store.values()].some((one) => one.equals(value));
  const needed = [...units].flatMap(([unit, { own, runs }]) =>
    runs === "old" ? [] : [...own].map(([name, value]) => [`${unit}/${name}`, value] as const),
  );
  return [...needed, ...more.map((value) => ["replaced", value] as const)].flatMap(([name, value]) =>
    isStored(value) ? [] : [name],
  );
}

const hasBegun = ({ journals }: Moment): boolean => [...journals.values()].some((text) => text.includes("\n"));

test("apply: resume finishes it, and rollback undoes it", async () => {
  const one = stage();
  const [plan, before] = [await one.plan("web", "api"), one.outside()];
  const moments = await one.moments(() => one.apply(plan));
  const after = one.outside();
  expect(moments.length).toBeGreaterThan(40);
  for (const moment of moments) {
    expect(lost(moment), moment.what).toEqual([]);
    if (!hasBegun(moment)) {
      expect(moment).toMatchObject(before);
      continue;
    }
    const [resumed, undone] = [one.after(moment), one.after(moment)];
    expect(await resumed.resume(plan.id), moment.what).toMatchObject({ state: "done", error: null });
    expect(resumed.outside(), moment.what).toEqual(after);
    expect(await undone.rollback(plan.id), moment.what).toMatchObject({ state: "rolled back", error: null });
    expect(undone.outside(), moment.what).toEqual(before);
  }
});

test("resume, after a death halfway: resume finishes it, and rollback undoes it", async () => {
  const first = stage();
  const [plan, before] = [await first.plan("web", "api"), first.outside()];
  const halfway = (await first.moments(() => first.apply(plan))).find(
    ({ what }) => what === "after web: stop the old one",
  );
  if (halfway === undefined) throw new Error("the old one was not stopped");
  const one = first.after(halfway);
  for (const moment of await one.moments(() => one.resume(plan.id))) {
    expect(lost(moment), moment.what).toEqual([]);
    const [resumed, undone] = [one.after(moment), one.after(moment)];
    expect(await resumed.resume(plan.id), moment.what).toMatchObject({ state: "done", error: null });
    expect(resumed.outside(), moment.what).toEqual(first.outside());
    await undone.rollback(plan.id);
    expect(undone.outside(), moment.what).toEqual(before);
  }
});

test("rollback: another one finishes it, and so does resume", async () => {
  const one = stage();
  const [plan, before] = [await one.plan("web", "api"), one.outside()];
  await one.apply(plan);
  const moments = await one.moments(() => one.rollback(plan.id));
  expect(moments.length).toBeGreaterThan(20);
  for (const moment of moments) {
    expect(lost(moment), moment.what).toEqual([]);
    for (const verb of ["rollback", "resume"] as const) {
      // Before its first record there was no rollback.
      if (verb === "resume" && !isRollback(moment)) continue;
      const next = one.after(moment);
      expect(await next[verb](plan.id), moment.what).toMatchObject({ state: "rolled back", error: null });
      expect(next.outside(), moment.what).toEqual(before);
    }
  }
});

const isRollback = ({ journals }: Moment): boolean =>
  [...journals.values()].some((text) => text.includes('"step":"rollback"'));

test("scrub: another one finishes it, and a rollback restores what is still there", async () => {
  // One value: what scrub leaves of each in the journal takes a while to compute, on purpose.
  const one = new Stage(World.of({ web: { C: fresh() } }));
  one.world.store.set("web/C", replaced);
  const [plan, before] = [await one.plan("web"), one.outside()];
  await one.apply(plan);
  const moments = await one.moments(() => one.scrub(plan.id));
  const after = one.outside();
  expect(moments.length).toBeGreaterThan(5);
  for (const moment of moments) {
    expect(lost(moment, []), moment.what).toEqual([]);
    const [again, undone] = [one.after(moment), one.after(moment)];
    expect(await again.scrub(plan.id), moment.what).toMatchObject({ left: [] });
    expect(again.outside(), moment.what).toEqual(after);
    const restored = await undone.rollback(plan.id).catch((error: unknown) => error);
    expect(lost(undone.outside(), []), moment.what).toEqual([]);
    if (restored instanceof Error)
      expect(restored, moment.what).toMatchObject({ code: expect.stringMatching(/^(?:refused|partly)$/) as string });
    else expect(undone.outside(), moment.what).toEqual(before);
  }
});

describe("an undo after a failure: resume ends the run, and rollback undoes it", () => {
  test.each(["store: put api/A", "web: start the new one", "api: start the new one"])("of %s", async (what) => {
    const one = stage();
    const [plan, before] = [await one.plan("web", "api"), one.outside()];
    one.world.fails = what;
    const moments = await one.moments(() => one.apply(plan));
    for (const moment of moments.filter(hasBegun)) {
      expect(lost(moment), moment.what).toEqual([]);
      const [resumed, undone] = [one.after(moment), one.after(moment)];
      const { units } = await resumed.resume(plan.id);
      expect(
        units.map(({ state }) => state),
        moment.what,
      ).toEqual(units.map(({ unit }) => endOf(resumed, unit)));
      expect(lost(resumed.outside()), moment.what).toEqual([]);
      await undone.rollback(plan.id);
      expect(undone.outside(), moment.what).toEqual(before);
    }
  });
});

const endOf = ({ world }: Stage, unit: string): string =>
  world.units.get(unit)?.runs === "new" ? "migrated" : "undone";
