import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow, random } from "../support/canary.ts";
import { runsOf } from "../support/in-process.ts";
import { DEEP } from "../support/deep.ts";
import { disk, expectTold, useRig } from "./rig.ts";
import { Subject } from "./subject.ts";

useRig();

describe("a full disk", () => {
  it("for the state folder of a fresh installation", async () => {
    const subject = new Subject("full-fresh");
    const full = disk(join(subject.world.dir, "disk"), 64);
    full.fill(0);
    const env = { XDG_STATE_HOME: full.dir };
    expectTold(await subject.world.unsprawl(["scan", `docker:${subject.name}`], { env }), 1, /space/);
    // The file that a lock is held on stays, and holds nothing.
    const left = filesBelow(join(full.dir, "unsprawl")).filter((file) => !/\/lock\/[\w-]+\.0$/.test(file));
    expect(left).toEqual([]);
    full.empty();
    const later = await subject.world.unsprawl(["scan", `docker:${subject.name}`], { env });
    expect(later.code, later.stderr).toBe(3);
  });

  // No room, no room for the plan; then room for the plan and for so many bytes of what is written down after it.
  const rows: readonly (readonly [pages: number | null, bytes: number | null])[] = [
    [0, null],
    [1, null],
    [2, null],
    [null, 100],
    [null, 500],
    [null, 1000],
    [null, 1500],
    [null, 2000],
    [null, 2500],
    [null, 3000],
  ];
  it.each(sampled(rows, ([pages]) => pages === null))(
    "for the journal, with %s pages left, or %s bytes after the plan",
    async (pages, bytes) => {
      const secrets = { DB_PASSWORD: random(18), SESSION_SECRET: random(40), API_TOKEN: random(40) };
      const subject = new Subject(`full-state-${pages ?? bytes}`, { secrets });
      const full = disk(join(subject.world.dir, "disk"), 256);
      subject.world.env["XDG_STATE_HOME"] = full.dir;
      await subject.plan("vault");
      full.fill(pages ?? 1 + subject.padPlan(bytes ?? 0)); // the lock takes a page too
      const ran = await subject.world.unsprawl(["apply", "plan.json"]);
      expectTold(ran, 1, /space/);
      await subject.expectAsBefore();
      await subject.expectNothingLeft();

      full.empty();
      const runs = runsOf(subject.world);
      expect(runs.map((one) => one.state)).not.toContain("unreadable");
      for (const { run, state } of runs) {
        // What could not be written down must be brought to an end by what `runs` says.
        if (state === "unfinished") expect(await subject.world.unsprawl(["rollback", run])).toMatchObject({ code: 0 });
      }
      await subject.expectAsBefore();
      await subject.expectNothingLeft();
      const again = await subject.migrate("vault");
      expect(again.code, again.stderr).toBe(0);
      await subject.expectServing();
    },
  );

  it.each(sampled([0, 1, 2]))("for the store, with %i pages left", async (pages) => {
    const subject = new Subject(`full-store-${pages}`, {
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    const full = disk(join(subject.world.dir, ".local/share/unsprawl/secrets"), 128);
    full.fill(pages);
    expectTold(await subject.migrate("local"), 1, /no space left/);
    await subject.expectAsBefore(true);
    await subject.expectNothingLeft();
    full.empty();
    const again = await subject.migrate("local");
    expect(again.code, again.stderr).toBe(0);
    await subject.expectServing();
  });

  it.each(sampled([0, 1, 3]))("for the memory folder, with %i pages left", async (pages) => {
    const subject = new Subject(`full-memory-${pages}`, {
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    const full = disk(join(subject.world.dir, "memory"), 128);
    subject.world.env["UNSPRAWL_RUNTIME_DIR"] = full.dir;
    full.fill(pages);
    for (const to of ["local", "vault"]) {
      expectTold(await subject.migrate(to), 1, /no space left/);
      await subject.expectAsBefore(true);
      await subject.expectNothingLeft();
    }
    expect(filesBelow(full.dir)).toEqual([join(full.dir, "ballast")]);
  });
});

/** The first and the last row of each kind; all rows in a deep run. */
function sampled<Row>(rows: readonly Row[], kindOf: (row: Row) => unknown = () => 0): Row[] {
  return rows.filter((row) => {
    const alike = rows.filter((one) => kindOf(one) === kindOf(row));
    return DEEP || row === alike[0] || row === alike.at(-1);
  });
}
