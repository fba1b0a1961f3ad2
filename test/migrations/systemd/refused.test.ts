import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { findingsOf, password, planOf } from "../files-world.ts";
import { lay, now } from "./lay.ts";
import { plain, REFUSED } from "./refused.ts";
import { unit } from "./units.ts";

// Its own for each test: all units here have one name, and so one place in the store.
let world: World;
beforeEach(() => {
  world = makeWorld("unix:///nowhere");
});
afterEach(() => world.remove());

const p = password;

describe("refused", () => {
  let all: World;
  const laid: ReturnType<typeof lay>[] = [];
  const plans = new Map<string, Plan>();

  // One plan for all that are planned alike.
  beforeAll(async () => {
    all = makeWorld("unix:///nowhere");
    laid.push(...REFUSED.map(([, files]) => lay(all, files(p()))));
    for (const flags of new Set(REFUSED.map(([, , , more = []]) => more.join(" ")))) {
      const alike = laid.filter((_, at) => (REFUSED[at]?.[3] ?? []).join(" ") === flags);
      const sources = alike.map(({ dir }) => `systemd:${dir}`);
      plans.set(flags, await planOf(all, sources, flags.split(" ").filter(Boolean)));
    }
  }, 60_000);
  afterAll(() => all?.remove());

  test.each(REFUSED.map((one, at) => [one[0], at, one] as const))("%s", (_title, at, [, , reason, more = []]) => {
    const { dir = "", before = {} } = laid[at] ?? {};
    const plan = plans.get(more.join(" "));
    const notMoved = plan?.notMoved.filter(({ finding }) => finding.location.subjectId.startsWith(`${dir}/`)) ?? [];
    expect(notMoved.map((one) => one.reason)).toContainEqual(expect.stringContaining(reason));
    expect(notMoved.every(({ hint }) => hint !== null && hint !== "")).toBe(true);
    expect([plan?.steps, now(dir, before)]).toEqual([[], before]);
  });
});

test("a docker run in a command is told how it could be moved", async () => {
  const { dir } = lay(world, { "a.service": unit("", `ExecStart=/usr/bin/docker run -e DB_PASSWORD=${p()} busybox`) });
  const { notMoved } = await planOf(world, `systemd:${dir}`);
  expect(notMoved[0]?.hint).toBe(`unsprawl plan script:${join(dir, "a.service")} --to STORE`);
});

test("a unit that has changed since the plan is left alone", async () => {
  const { dir } = lay(world, { "a.service": unit(`Environment=DB_PASSWORD=${p()}`, plain) });
  const saved = join(world.dir, "plan.json");
  await world.unsprawl(["plan", `systemd:${dir}`, "--to", "local", "-o", saved, "--fail-on", "never"]);
  const file = join(dir, "a.service");
  const changed = readFileSync(file, "utf8").replace("[Install]", "# new\n[Install]");
  writeFileSync(file, changed);
  const ran = await world.unsprawl(["apply", saved]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("has changed since the plan was made")]);
  expect(readFileSync(file, "utf8")).toBe(changed);
});

test("one unit, one of its drop-ins, a folder", async () => {
  const { dir } = lay(world, {
    "a.service": unit(`Environment=DB_PASSWORD=${p()}`, plain),
    "a.service.d/x.conf": `[Service]\nEnvironment=API_TOKEN=${p()}\n`,
    "b.service": unit(`Environment=DB_PASSWORD=${p()}`, plain),
    "notes.txt": "x\n",
  });
  const found = async (what: string): Promise<string[]> =>
    (await findingsOf(world, `systemd:${what}`)).map(({ location, name }) => `${location.subjectName} ${name}`).sort();
  const a = ["a.service API_TOKEN", "a.service DB_PASSWORD"];
  expect(await found(join(dir, "a.service"))).toEqual(a);
  expect(await found(join(dir, "a.service.d/x.conf"))).toEqual(a);
  expect(await found(dir)).toEqual([...a, "b.service DB_PASSWORD"]);
});

test("what cannot be read is told, and the exit code says so", async () => {
  const { dir } = lay(world, {
    "a.service": unit("EnvironmentFile=DIR/missing.env\nEnvironmentFile=%h/%p.env\nEnvironmentFile=DIR/*.env", plain),
  });
  const ran = await world.unsprawl(["scan", `systemd:${dir}`, "--json"]);
  const { sources } = JSON.parse(ran.stdout) as { sources: { errors: { message: string }[] }[] };
  expect([ran.code, sources[0]?.errors.map(({ message }) => message)]).toEqual([
    1,
    [
      expect.stringContaining("depends on who runs the unit"),
      expect.stringContaining("is a pattern"),
      expect.stringContaining("there is no file"),
    ],
  ]);
  for (const what of [`${dir}/nothing`, `${world.dir}/plan.json`])
    expect((await world.unsprawl(["scan", `systemd:${what}`])).code, basename(what)).not.toBe(0);
});
