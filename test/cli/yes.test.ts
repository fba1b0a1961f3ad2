import { join } from "node:path";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { containers } from "./containers.ts";

const { world, standing } = await containers("yes");

it("a plan names what it could not read", async () => {
  const ran = await world.unsprawl(["plan", "docker:yes-one", "docker:nothing-such", "--to", "local"]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/not read {2}docker:nothing-such\b.*no container matches "nothing-such"/);
});

it("without a terminal, what changes something needs --yes, and does nothing without it", async () => {
  const before = standing();
  const to = ["docker:yes-one", "--to", "local"];
  expect((await world.unsprawl(["plan", ...to, "-o", "plan.json"])).code).toBe(0);
  const needsYes = async (...args: string[]): Promise<void> => {
    const ran = await world.unsprawl(args, { asIs: true });
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, "", expect.stringContaining("it needs --yes")]);
  };
  await needsYes("migrate", ...to);
  await needsYes("apply", "plan.json");
  expect(standing()).toBe(before);
  expect(existsSync(join(world.dir, "secrets"))).toBe(false);
  const moved = await world.unsprawl(["apply", "plan.json", "--yes", "--json"]);
  expect(moved.code, moved.stderr).toBe(0);
  const again = await world.unsprawl(["apply", "plan.json", "--yes"]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("has been applied before")]);
  const after = standing();
  for (const verb of ["rollback", "scrub", "resume"]) await needsYes(verb, "last");
  expect(standing()).toBe(after);
  const back = await world.unsprawl(["rollback", "last", "-y"]);
  expect(back.code, back.stderr).toBe(0);
});
