import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { makeWorld } from "../support/world.ts";

// One word for one number: whoever compares a scan with a plan and with what was done must not look for a lost secret.

const world = makeWorld("unix:///nowhere");
const make = kit(SEED);
afterAll(() => world.remove());

const out = async (code: number, ...args: string[]): Promise<string> => {
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stderr).toBe(code);
  return ran.stdout + ran.stderr;
};
/** As `unsprawl runs` counts them, for programs and for people. */
const counted = async (): Promise<unknown> => {
  const { runs } = JSON.parse(await out(0, "runs", "--json")) as {
    readonly runs: readonly { readonly secrets: number }[];
  };
  const [, row = ""] = (await out(0, "runs")).split("\n");
  return [runs[0]?.secrets, Number(/ (\d+) {2,}/.exec(row)?.[1])];
};

it("scan, plan, migrate, runs and a scrubbed run say the same number for the same secrets", async () => {
  const [password, token] = [make.base62(18), make.base62(24)];
  const url = `DATABASE_URL=postgres://app:${password}@db:5432/shop`;
  mkdirSync(join(world.dir, "shop"));
  writeFileSync(join(world.dir, "shop/.env"), `DB_PASSWORD=${password}\n${url}\nAPI_TOKEN=${token}\n`);
  const source = ["env:shop/.env"];
  expect(await out(3, "scan", ...source)).toContain("2 secrets in 3 places");
  expect(await out(0, "plan", ...source, "--to", "local")).toMatch(
    /^Plan \S+: 2 secrets in 1 file → local; 0 not moved$/m,
  );
  await out(0, "migrate", ...source, "--to", "local", "--yes");
  expect(await counted()).toEqual([2, 2]);
  await out(0, "scrub", "last", "--accept", "key-backup");
  expect(await counted()).toEqual([2, 2]);
});
