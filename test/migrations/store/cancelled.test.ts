import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { stateOf } from "../../support/in-process.ts";
import { killedAt } from "../../support/kill.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// Ctrl-C at night: what is done is said as it is, and the next command is one that ends it.

const values = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`web${at}`, password()]));

let bao: OpenBao;
let world: World;

beforeAll(async () => {
  bao = await startOpenBao();
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const store = (path: string): object => ({ provider: "vault", path });
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    stringify({ stores: { old: store("old/{subject}"), new: store("new/{subject}") } }),
  );
  world.plant(values);
  for (const [name, PASSWORD] of Object.entries(values))
    await bao.api("POST", `secret/data/old/${name}`, { data: { PASSWORD } });
});

afterAll(async () => {
  await bao?.stop();
  world?.remove();
});

const MIGRATE = ["migrate", "old:old", "--to", "new", "--yes"];

async function valuesBelow(path: string): Promise<{ readonly [name: string]: string }> {
  const found = await Promise.all(
    Object.keys(values).map(async (name) => {
      const answer = await bao.api("GET", `secret/data/${path}/${name}`).catch(() => null);
      const value = (answer as { data: { data: { PASSWORD?: string } } } | null)?.data.data.PASSWORD;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

const runOf = ({ stdout }: Ran): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";

it.each([
  ["before any is moved", "SIGINT", "after intent put", 130, "cancelled: everything begun was put back", "plan again"],
  ["once some are moved", "SIGTERM", "after done verify", 5, "migrated; then: cancelled", "rollback"],
] as const)("in the middle of apply, %s", async (_when, signal, kind, code, says, next) => {
  const ran = await killedAt(world, MIGRATE, { kind, nth: 3 }, { signal });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: expect.stringContaining(says) });
  expect(ran.stderr).toContain(`next: unsprawl ${next}`);
  expect(await valuesBelow("old")).toEqual(values);
  const there = Object.keys(await valuesBelow("new"));
  expect(there.length > 0).toBe(code === 5);
  if (code === 5) expect((await world.unsprawl(["rollback", runOf(ran)])).code).toBe(0);
  expect(await valuesBelow("new")).toEqual({});
});

it("in the middle of rollback, and of scrub: the same command ends it", { timeout: 120_000 }, async () => {
  const moved = await world.unsprawl(MIGRATE);
  expect(moved.code, moved.stderr).toBe(0);
  const back = await killedAt(world, ["rollback", "last"], { kind: "after undone unit", nth: 3 }, { signal: "SIGINT" });
  expect(back.code, back.stderr).toBe(0);
  expect(await valuesBelow("new")).toEqual({});
  expect(await valuesBelow("old")).toEqual(values);

  const run = runOf(await world.unsprawl(MIGRATE));
  const cut = await killedAt(world, ["scrub", run, "--yes"], { kind: "after done old", nth: 3 }, { signal: "SIGINT" });
  expect(cut.code).toBe(130);
  expect(cut.stderr).toContain(`cancelled: what the run kept is deleted in part`);
  expect(cut.stderr).toContain(`next: unsprawl scrub ${run}`);
  const kept = Object.keys(await valuesBelow("old")).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(40);
  const ended = await world.unsprawl(["scrub", run, "--yes"]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await valuesBelow("old")).toEqual({});
  expect(await valuesBelow("new")).toEqual(values);
  expect(stateOf(world, run)).toBe("scrubbed");
});
