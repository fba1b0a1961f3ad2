import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pMap from "p-map";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { DEEP } from "../../support/deep.ts";
import { savePlan, stateOf } from "../../support/in-process.ts";
import { killedAt } from "../../support/kill.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf } from "../files-world.ts";

// Many secrets from one store to another, the program killed again and again: each is written once, and the end says of how
// many both stores have the same value. Ten thousand and twenty kills in a deep run.

const COUNT = DEEP ? 10_000 : 100;
const KILLS = DEEP ? 20 : 4;
/** An intent is written and its effect is not; an effect is done and not recorded; between the steps of a unit. */
const KINDS = ["after intent put", "before done put", "after done verify", "before done unit"] as const;

let bao: OpenBao;
let world: World;
const values = new Map(Array.from({ length: COUNT }, (_, at) => [`s${String(at).padStart(5, "0")}`, password()]));

beforeAll(async () => {
  bao = await startOpenBao();
  await bao.api("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  const stores = {
    old: { provider: "vault", mount: "old", path: "{subject}" },
    new: { provider: "vault", path: "moved/{subject}" },
  };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
  await inTurns([...values], ([name, KEY]) => bao.api("POST", `old/${name}`, { KEY }));
}, 600_000);

afterAll(async () => {
  await bao?.stop();
  world?.remove();
});

const inTurns = <Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> =>
  pMap(items, act, { concurrency: 8 });

it("each is written once, however often the program is killed", { timeout: 7_200_000 }, async () => {
  const run = await savePlan(world, "plan.json", ["old:"], { to: "new" });
  let verb: readonly string[] = ["apply", "plan.json"];
  for (let kill = 0; kill < KILLS; kill++) {
    const kind = KINDS[kill % KINDS.length] ?? KINDS[0];
    const killed = await killedAt(world, verb, { kind, nth: Math.floor((COUNT / KILLS) * 0.8) });
    expect(killed.signal, `${kind}: ${killed.stderr}`).toBe("SIGKILL");
    expect(stateOf(world, run)).toBe("unfinished");
    verb = ["resume", run];
  }
  const ended = await world.unsprawl(verb);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout).toContain(`${COUNT} of ${COUNT} values are equal in both stores`);
  expect(ended.stdout).toContain(`and ${COUNT - 20} more migrated`);
  expect(ended.stdout).not.toContain("not verified");
  const there = await inTurns([...values.keys()], async (name) => {
    const { data } = (await bao.api("GET", `secret/data/moved/${name}`)) as {
      data: { data: { KEY: string }; metadata: { version: number } };
    };
    return [name, data.data.KEY, data.metadata.version] as const;
  });
  expect(there.filter(([name, KEY]) => values.get(name) !== KEY)).toHaveLength(0);
  expect(there.filter(([, , version]) => version !== 1)).toHaveLength(0);
});

it("a plan says once what is true of all", async () => {
  const { warnings } = await planOf(world, "old:", ["--to", "new"]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.text).toContain("anything that reads old: must be pointed to new");
});

it("a rollback leaves nothing in the new store, and everything in the old one", { timeout: 7_200_000 }, async () => {
  const undone = await world.unsprawl(["rollback", "last"]);
  expect(undone.code, undone.stderr).toBe(0);
  await expect(bao.api("GET", "secret/metadata/moved?list=true")).rejects.toThrow("404");
  const kept = await inTurns([...values.keys()], async (name) => {
    const { data } = (await bao.api("GET", `old/${name}`)) as { data: { KEY: string } };
    return [name, data.KEY] as const;
  });
  expect(kept.filter(([name, KEY]) => values.get(name) !== KEY)).toHaveLength(0);
});
