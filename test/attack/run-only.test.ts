/** `unsprawl run --only`: a reference that somebody else put into the environment gets no secret of the operator's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeWorld, type Ran, type World } from "../support/world.ts";

let world: World;
beforeAll(() => {
  world = makeWorld("unix:///nowhere.sock");
});
afterAll(() => world?.remove());

const run = (env: { readonly [name: string]: string }, ...flags: string[]): Promise<Ran> =>
  world.unsprawl(["run", ...flags, "--", "env"], { env });

test("a reference beside those of --only is an error, and nothing runs; --keep hands it on as it is", async () => {
  const env = { MINE: "plain", THEIRS: "ref+sops://secrets/payroll.sops.yaml#/PW" };
  const refused = await run(env, "--only", "MINE");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("THEIRS holds a reference, but --only does not name it");
  const kept = await run(env, "--only", "OTHER,MINE", "--keep");
  expect(kept.code).toBe(0);
  expect(kept.stdout).toContain("THEIRS=ref+sops://secrets/payroll.sops.yaml#/PW");
});

test("a scheme that no store has is an error and not a password; --keep alone is a usage error", async () => {
  const unknown = await run({ PW: "ref+nothing://x#/Y" });
  expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
  expect((await run({}, "--keep")).code).toBe(2);
});
