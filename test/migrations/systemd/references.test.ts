import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { complaints } from "../../services/systemd.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { holders, migrate, password, planOf, printed, ranWithEach, references } from "../files-world.ts";
import { lay, now, pieces, variablesOf } from "./lay.ts";
import { s, SECRET, unit, UNITS, type Files } from "./units.ts";

describe("references", () => {
  type Done = { readonly moved: Files; readonly said: string; readonly held: readonly string[]; readonly back: Files };
  let units: readonly ReturnType<typeof laid>[];
  let all: World;
  let values: readonly { readonly [name: string]: string }[] = [];
  let plan: Plan;
  let ran: Ran;
  let received: Awaited<ReturnType<typeof ranWithEach>>;
  let done: readonly Done[];

  function laid(template: Files, at: number) {
    // Each with a name of its own: a name is one place in the store.
    const named = (file: string): string => file.replace(/^a(?=[@.])/, `a${at}`);
    const files = Object.fromEntries(
      Object.entries(template).map(([file, text]) => [file.includes(".service") ? named(file) : file, text]),
    );
    const { dir, main, before } = lay(all, files);
    const names = Object.values(files).flatMap((text) => [...text.matchAll(SECRET)].map(([, name = ""]) => name));
    return { files, dir, main, before, names };
  }

  // One run for all of them: each case looks at its own folder.
  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    units = UNITS.map(([, make], at) => laid(make(), at));
    values = await Promise.all(units.map(({ dir, main }) => variablesOf(join(dir, main))));
    const sources = units.map(({ dir }) => `systemd:${dir}`);
    plan = await planOf(all, sources);
    const moving = await migrate(all, sources);
    ({ ran } = moving);
    const moved = await Promise.all(
      units.map(async ({ dir, files, main, names }, at) => ({
        moved: now(dir, files),
        said: await complaints(dir, main),
        held: holders(all.dir, pieces(names.map((name) => values[at]?.[name] ?? ""))),
      })),
    );
    received = await ranWithEach(all, await Promise.all(units.map(({ dir, main }) => variablesOf(join(dir, main)))));
    expect((await all.unsprawl(["rollback", moving.run])).code).toBe(0);
    done = moved.map((one, at) => ({ ...one, back: now(units[at]?.dir ?? "", units[at]?.files ?? {}) }));
  }, 300_000);
  afterAll(() => all?.remove());

  test("in one run", () => expect(ran.code, ran.stderr).toBe(0));

  test.each(UNITS.map(([title], at) => [title, at] as const))("%s", (_title, at) => {
    const { files, dir, before, names } = units[at] as (typeof units)[number];
    const places = references(plan, `${dir}/`);
    expect(Object.keys(places).sort()).toEqual(names.toSorted());
    const expected = Object.entries(files).map(([name, text]) => [
      name,
      text
        .replace(SECRET, (_all, variable: string) => places[variable] ?? "")
        .replaceAll("¦", `unsprawl run --only ${names.toSorted().join(",")} -- `)
        .replaceAll("DIR", dir),
    ]);
    expect(done[at]?.moved).toEqual(Object.fromEntries(expected));
    expect(done[at]?.said).not.toMatch(/ignoring|[Ii]nvalid|[Uu]nknown|Refusing/);
    expect(done[at]?.held).toEqual([]);
    for (const text of pieces(names.map((name) => values[at]?.[name] ?? "")))
      expect(printed(ran) + JSON.stringify(plan)).not.toContain(text);
    expect(received[at]).toMatchObject(Object.fromEntries(names.map((name) => [name, values[at]?.[name]])));
    expect(done[at]?.back).toEqual(before);
  });
});

test("a later migration adds its variables to the wrappers there; rollback takes each back byte for byte", async () => {
  const [first, second] = [password(), password()];
  const head = `Environment=DB_PASSWORD=${s("DB_PASSWORD", first)} MODE=ref+other://x\n`;
  const files = {
    "a.service": unit(
      `${head}Environment=API_TOKEN=${s("API_TOKEN", second)}`,
      "ExecStartPre=/usr/bin/unsprawl run -- /bin/true all\nExecStart=-¦/bin/true main",
    ),
  };
  const world = makeWorld("unix:///nowhere");
  onTestFinished(() => world.remove());
  const { dir, main, before } = lay(world, files);
  const file = join(dir, main);
  const execs = (): string[] => readFileSync(file, "utf8").match(/^ExecStart.*/gm) ?? [];
  const one = await migrate(world, `systemd:${dir}`, ["--only", "DB_PASSWORD"]);
  expect(one.ran.code, one.ran.stderr).toBe(0);
  const pre = "ExecStartPre=/usr/bin/unsprawl run -- /bin/true all";
  expect(execs()).toEqual([pre, "ExecStart=-unsprawl run --only DB_PASSWORD --keep -- /bin/true main"]);
  const between = readFileSync(file, "utf8");
  writeFileSync(file, between.replace("[Install]", "ExecStop=/bin/true stop\n[Install]"));
  const changed = readFileSync(file, "utf8");
  const two = await migrate(world, `systemd:${dir}`, ["--diff"]);
  expect(two.ran.code, two.ran.stderr).toBe(0);
  expect(printed(two.ran)).toContain("unsprawl run --only DB_PASSWORD,API_TOKEN");
  expect(execs()).toEqual([pre, "ExecStart=-unsprawl run --only DB_PASSWORD,API_TOKEN --keep -- /bin/true main"]);
  expect(readFileSync(file, "utf8")).toContain(
    "ExecStop=unsprawl run --only DB_PASSWORD,API_TOKEN --keep -- /bin/true stop",
  );
  expect((await world.unsprawl(["rollback", two.run])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(changed);
  writeFileSync(file, between);
  expect((await world.unsprawl(["rollback", one.run])).code).toBe(0);
  expect(now(dir, files)).toEqual(before);
});
