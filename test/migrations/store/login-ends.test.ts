import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { savePlan, stateOf } from "../../support/in-process.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// A login that ends in the middle, wherever that is: what is said names the login and the command that ends the run, nothing is
// lost on the way, and with another login the run ends as it would have.

const values = Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`web${at}`, password()]));

let bao: OpenBao;
let world: World;

beforeAll(async () => {
  bao = await startOpenBao();
});

beforeEach(async () => {
  world?.remove();
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const store = (path: string): object => ({ provider: "vault", path });
  const stores = { old: store("old/{subject}"), new: store("new/{subject}") };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
  world.plant(values);
  for (const [name, PASSWORD] of Object.entries(values)) {
    await bao.api("POST", `secret/data/old/${name}`, { data: { PASSWORD } });
    await bao.api("DELETE", `secret/metadata/new/${name}`);
  }
});

afterAll(async () => {
  await bao?.stop();
  world?.remove();
});

/** What is stored below a path now, by the entries' names. */
async function below(path: string): Promise<{ readonly [name: string]: string }> {
  const found = await Promise.all(
    Object.keys(values).map(async (name) => {
      const answer = await bao.api("GET", `secret/data/${path}/${name}`).catch(() => null);
      const value = (answer as { data: { data: { PASSWORD?: string } } } | null)?.data.data.PASSWORD;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Runs it with a token that is good for so many requests. */
async function withUses(uses: number, args: readonly string[]): Promise<Ran> {
  const made = await bao.api("POST", "auth/token/create", { num_uses: uses, policies: ["root"] });
  const VAULT_TOKEN = (made as { auth: { client_token: string } }).auth.client_token;
  return world.unsprawl(args, { env: { VAULT_TOKEN } });
}

const SAID = "does not know this token: it is wrong, expired or revoked";

it.each([20, 60, 100])("after %d requests of apply, and a third as many of scrub", async (uses) => {
  const run = await savePlan(world, "plan.json", ["old:old"], { to: "new" });

  const cut = await withUses(uses, ["apply", "plan.json"]);
  expect(cut.code, cut.stderr).toBe(5);
  expect(cut.stderr).toContain(SAID);
  expect(cut.stderr).toMatch(/next: vault login .*/);
  expect(await below("old")).toEqual(values);

  const ended = await world.unsprawl(["resume", run]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout).toContain("24 of 24 values are equal in both stores");

  const half = await withUses(Math.round(uses / 3), ["scrub", run, "--yes"]);
  expect(half.code, half.stdout).not.toBe(0);
  expect(half.stderr).toContain(SAID);
  expect(await below("new")).toEqual(values);
  const scrubbed = await world.unsprawl(["scrub", run, "--yes"]);
  expect(scrubbed.code, scrubbed.stderr).toBe(0);
  expect(await below("old")).toEqual({});
  expect(await below("new")).toEqual(values);
  expect(stateOf(world, run)).toBe("scrubbed");
});

it("in a rollback: both stores together have each value all the time", async () => {
  expect((await world.unsprawl(["migrate", "old:old", "--to", "new", "--yes"])).code).toBe(0);
  const cut = await withUses(30, ["rollback", "last"]);
  expect(cut.code, cut.stdout).toBe(5);
  expect(cut.stderr).toMatch(/next: vault login .*; then: unsprawl rollback /);
  expect(await below("old")).toEqual(values);
  const ended = await world.unsprawl(["rollback", "last"]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await below("new")).toEqual({});
  expect(await below("old")).toEqual(values);
});
