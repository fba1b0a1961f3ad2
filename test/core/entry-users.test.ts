import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { ReferenceHolder } from "../../src/contract/reference-holder.ts";
import { entryUsers, stillHolding } from "../../src/core/entry-users.ts";
import { createJournal, type Installation, type Journal } from "../../src/core/journal/journal.ts";
import { entryUses } from "../../src/core/journal/uses.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan, PutStep, StoreTarget } from "../../src/model/plan.ts";
import { makeWorld } from "../support/world.ts";
import { migrate, password, planOf as planned, references } from "../migrations/files-world.ts";
import { planOf, runId } from "./fixtures.ts";

const entry = { path: "web", field: "A" };

describe("who uses an entry", () => {
  let here: Installation;
  const made: string[] = [];
  beforeEach(() => {
    here = { state: mkdtempSync(join(tmpdir(), "unsprawl-users-")), key: fingerprintKey(randomBytes(32)) };
    made.push(here.state);
  });
  afterAll(() => {
    for (const dir of made) rmSync(dir, { recursive: true, force: true });
  });

  /** A run that put `web A`, for a unit of this name. */
  function ran(unit: string, end: (journal: Journal) => void, store?: StoreTarget, engine = "ENGINE"): Plan {
    const [step] = planOf("x", ["web"]).steps;
    const plan: Plan = {
      ...planOf(runId(), []),
      steps: step === undefined ? [] : [{ ...step, unit }],
      engine: { id: engine, address: "x" },
      ...(store && { store }),
    };
    const journal = createJournal(here, plan);
    journal.record.intent(`unit:${unit}`);
    end(journal);
    journal.close();
    return plan;
  }
  const done =
    (unit: string) =>
    ({ record }: Journal): void =>
      record.done(`unit:${unit}`);

  async function users(
    unit: string,
    more: { engine?: string; holders?: readonly ReferenceHolder[] } = {},
  ): Promise<readonly string[]> {
    const provider = {
      target: planOf("x").store,
      parse: (reference: string) => (reference === "ref+sops://x#/A" ? entry : null),
    } as Partial<Provider> as Provider;
    return entryUsers({
      installation: () => here,
      provider,
      engine: async () => more.engine ?? "ENGINE",
      holders: async () => more.holders ?? [],
    })(entry, unit);
  }

  it("another unit's run, done or begun; not one that was put back, and not the unit's own earlier run", async () => {
    const first = ran("compose/shop", done("compose/shop"));
    const second = ran("db", () => undefined);
    ran("old", ({ record }) => record.undone("unit:old"));
    expect([...(await users("web"))].sort()).toEqual([`compose/shop (run ${first.id})`, `db (run ${second.id})`]);
    expect(await users("compose/shop")).toEqual([`db (run ${second.id})`]);
  });

  it("the same name on another engine is another unit; a file is the same on each", async () => {
    const { id } = ran("web", done("web"));
    expect(await users("web")).toEqual([]);
    expect(await users("web", { engine: "OTHER" })).toEqual([`web (run ${id})`]);
    ran("/srv/app.env", done("/srv/app.env"), undefined, "files");
    expect((await users("/srv/app.env", { engine: "OTHER" })).filter((one) => one.startsWith("/srv"))).toEqual([]);
  });

  it("a store counts by its server: not by its name, its login or its path", async () => {
    const local = planOf("x").store;
    const { id } = ran("a", done("a"), {
      ...local,
      name: "other",
      settings: { path: "x/{subject}", auth: { method: "token" } },
    });
    ran("b", done("b"), { ...local, settings: { address: "https://elsewhere:8200" } });
    ran("c", done("c"), { ...local, provider: "vault" });
    expect(await users("web")).toEqual([`a (run ${id})`]);
    expect(entryUses(here, planOf(runId()).store, entry, "")).not.toEqual([]);
    expect(entryUses(here, planOf(runId()).store, { path: "web", field: "B" }, "")).toEqual([]);
  });

  it("a run whose journal is not valid, if it may have put it there", async () => {
    const { id } = ran("compose/shop", done("compose/shop"));
    const file = join(here.state, "runs", `${id}.jsonl`);
    writeFileSync(file, readFileSync(file, "utf8").replace("absent", "other!"));
    expect(await users("compose/shop")).toEqual([`run ${id}, whose journal is not valid,`]);
  });

  it("containers that name it, but not the unit's own, and none where only files change", async () => {
    const reference = "ref+sops://x#/A";
    const holders = [
      { name: "web", project: "", references: [reference] },
      { name: "shop-db-1", project: "shop", references: ["ref+sops://x#/B", reference] },
      { name: "blog-db-1", project: "blog", references: ["ref+sops://x#/B"] },
      { name: "odd", project: "", references: ["ref+what"] },
    ];
    expect(await users("api", { holders })).toEqual(["container web", "container shop-db-1"]);
    expect(await users("web", { holders })).toEqual(["container shop-db-1"]);
    expect(await users("compose/shop", { holders })).toEqual(["container web"]);
    expect(await users("/srv/app.env", { holders, engine: "files" })).toEqual([]);
  });

  it("once a unit is put back, every container that still names the entry, and its own where only the value was replaced", async () => {
    const provider = { parse: (reference: string) => (reference === "ref+sops://x#/A" ? entry : null) };
    const unread = ["blog", "web"].map((name) => ({ name, project: "", references: [], unread: ["A"] }));
    const holders = [
      ...["web", "api"].map((name) => ({ name, project: "", references: ["ref+sops://x#/A"] })),
      ...[...unread, { name: "other", project: "", references: [], unread: ["B"] }],
    ];
    const still = (overwrite: boolean): Promise<readonly string[]> =>
      stillHolding({ move: { key: entry, name: "A" }, unit: "web", overwrite } as PutStep, {
        provider: provider as Partial<Provider> as Provider,
        holders: async () => holders,
      });
    const others = [
      "container api refers to it",
      "container blog may refer to it, as its project's files cannot be read",
    ];
    expect([await still(false), await still(true)]).toEqual([["container web refers to it", ...others], others]);
  });
});

test("two files of one name: the second is never offered the first one's entry, and its own other secrets move", async () => {
  const world = makeWorld("unix:///nowhere/docker.sock");
  try {
    const values = { one: password(), two: password(), token: password() };
    const file = (folder: string): string => join(world.dir, folder, "db.env");
    const write = (folder: string, text: string): void => {
      mkdirSync(join(world.dir, folder), { recursive: true });
      writeFileSync(file(folder), text);
    };
    writeFileSync(
      join(world.dir, "unsprawl.yaml"),
      "stores:\n  here: { provider: local, file: 'store/{subject}.sops.yaml' }\n",
    );
    write("one", `DB_PASSWORD=${values.one}\n`);
    write("two", `DB_PASSWORD=${values.two}\nAPI_TOKEN=${values.token}\n`);
    const to = ["--to", "here"];
    const first = await migrate(world, `env:${file("one")}`, to);
    expect(first.ran.code, first.ran.stderr).toBe(0);
    const moved = readFileSync(file("one"), "utf8");

    for (const more of [[], ["--overwrite"]]) {
      const plan = await planned(world, `env:${file("two")}`, [...to, ...more]);
      expect(Object.keys(references(plan))).toEqual(["API_TOKEN"]);
      expect(plan.notMoved).toMatchObject([{ finding: { name: "DB_PASSWORD" } }]);
      expect(plan.notMoved[0]?.reason).toContain(`which ${file("one")} (run ${first.run}) uses`);
      expect(plan.notMoved[0]?.hint).toMatch(/^give each its own place/);
    }
    const second = await migrate(world, `env:${file("two")}`, [...to, "--overwrite"]);
    expect(second.ran.code, second.ran.stderr).toBe(0);
    expect(readFileSync(file("two"), "utf8")).toContain(`DB_PASSWORD=${values.two}\n`);
    expect(readFileSync(file("two"), "utf8")).not.toContain(values.token);
    expect(readFileSync(file("one"), "utf8")).toBe(moved);

    // Its own entry it may replace: the value was changed in the file.
    const renewed = password();
    write("one", `DB_PASSWORD=${renewed}\n`);
    const offered = await planned(world, `env:${file("one")}`, to);
    expect(offered.notMoved[0]?.hint).toContain("--overwrite");
    const third = await migrate(world, `env:${file("one")}`, [...to, "--overwrite"]);
    expect(third.ran.code, third.ran.stderr).toBe(0);
    expect(readFileSync(file("one"), "utf8")).toBe(moved);
    // Rolled back, the earlier run has its own value again; without any run the entry is free.
    const back = await world.unsprawl(["rollback", third.run]);
    expect(back.code, back.stderr).toBe(0);
    expect(readFileSync(file("one"), "utf8")).toBe(`DB_PASSWORD=${renewed}\n`);
    writeFileSync(file("one"), moved);
    const whole = await world.unsprawl(["rollback", first.run]);
    expect(whole.code, whole.stderr).toBe(0);
    expect(readFileSync(file("one"), "utf8")).toBe(`DB_PASSWORD=${values.one}\n`);
    expect((await planned(world, `env:${file("two")}`, to)).notMoved).toEqual([]);
  } finally {
    world.remove();
  }
});
