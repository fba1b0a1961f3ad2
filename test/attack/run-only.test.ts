/** `unsprawl run --only`: a reference that somebody else put into the environment gets no secret of the operator's. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
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

test("a reference in the middle of a value is one too", async () => {
  const env = { MINE: "plain", THEIRS: "postgres://app:ref+sops://secrets/payroll.sops.yaml#/PW+@db/app" };
  const refused = await run(env, "--only", "MINE");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("THEIRS holds a reference, but --only does not name it");
  expect((await run(env, "--only", "MINE", "--keep")).stdout).toContain(`THEIRS=${env.THEIRS}`);
});

test("a reference gets its value, as a whole and as a part, and what is around it stays", async () => {
  const file = "secrets/{subject}.sops.yaml";
  const spec = { provider: "local", config: { file }, env: world.env, dir: world.dir };
  const store = await openSpec(spec);
  const value = randomBytes(12).toString("hex");
  const key = store.key({ subject: `web-${process.pid}`, project: "", name: "PW" });
  await store.put(key, Secret.of(value), null, { runId: "r", subject: "web" });
  writeFileSync(join(world.dir, "unsprawl.yaml"), JSON.stringify({ stores: { here: { provider: "local", file } } }));
  const reference = store.reference(key);
  const env = { WHOLE: reference, SECRET: `secret${reference}`, URL: `pg://a:${reference}+@db/ref+x` };
  const ran = await world.unsprawl(["run", "--", "env"], { env, mayShow: true });
  expect(ran.stderr).toBe("");
  const lines = ran.stdout.split("\n");
  expect(lines).toContain(`WHOLE=${value}`);
  expect(lines).toContain(`SECRET=${value}`);
  expect(lines).toContain(`URL=pg://a:${value}@db/ref+x`);
});

test("a scheme that no store has is an error and not a password; --keep alone is a usage error", async () => {
  const unknown = await run({ PW: "ref+nothing://x#/Y" });
  expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
  expect(unknown.stderr).toContain("PW: no store is configured for ref+nothing");
  expect((await run({}, "--keep")).code).toBe(2);
});
