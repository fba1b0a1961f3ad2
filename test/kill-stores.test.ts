import { randomInt } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { resolved, savePlan, stateOf } from "./support/in-process.ts";
import { DEEP } from "./support/deep.ts";
import { boundariesOf, killedAt, recorded, sweep, type Boundary } from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type World } from "./support/world.ts";

// From store to store, killed around writes of the journal: then `resume` or `rollback`, and nothing is lost, left
// behind or doubled. Until `scrub` the old store has every value; after it, killed or not, the new one has.

const { DB_PASSWORD = "", TLS_PRIVATE_KEY = "", SMTP_PASSWORD = "" } = twelveSecrets();
const SECRETS = { DB_PASSWORD, TLS_PRIVATE_KEY, SMTP_PASSWORD };

let bao: OpenBao;
/** Worlds that work side by side. */
let lanes: readonly World[] = [];

beforeAll(async () => {
  bao = await startOpenBao();
  lanes = [1, 2, 3].map(() => makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token }));
  const stores = "stores: { there: { provider: local, file: 'there/{subject}.sops.yaml' } }\n";
  for (const world of lanes) writeFileSync(join(world.dir, "unsprawl.yaml"), stores);
});
afterAll(async () => {
  await bao?.stop();
  for (const world of lanes) world.remove();
});

async function inVault(name: string): Promise<unknown> {
  const answer = await fetch(`${bao.address}/v1/secret/data/apps/${name}`, { headers: { "X-Vault-Token": bao.token } });
  return answer.status === 404 ? null : ((await answer.json()) as { data: { data: unknown } }).data.data;
}

/** Null when nothing of it is there. */
async function there(name: string, world: World): Promise<{ readonly [name: string]: string | undefined } | null> {
  const file = join(world.dir, "there", `${name}.sops.yaml`);
  if (!existsSync(file)) return null;
  return resolved(world, Object.fromEntries(Object.keys(SECRETS).map((key) => [key, `ref+sops://${file}#/${key}`])));
}

/** Puts secrets into Vault and plans their move; the run's id. */
async function planned(name: string, world: World): Promise<string> {
  await bao.api("POST", `secret/data/apps/${name}`, { data: SECRETS });
  return savePlan(world, `${name}.json`, [`vault:apps/${name}`], { to: "there" });
}

it("killed at step boundaries, then resumed or rolled back; so is the scrub", { timeout: 600_000 }, async () => {
  const [world] = lanes as [World];
  const run = await planned("ss-undisturbed", world);
  const applied = await recorded(world, ["apply", "ss-undisturbed.json"]);
  expect(applied.ran.code, applied.ran.stderr).toBe(0);
  expect(applied.kinds.length).toBeGreaterThan(15);
  const scrubbed = await recorded(world, ["scrub", run, "--accept", "key-backup"]);
  expect(scrubbed.ran.code, scrubbed.ran.stderr).toBe(0);

  const ofScrub = boundariesOf(scrubbed.kinds);
  expect(ofScrub.length).toBeGreaterThan(2);
  const scrub = async (name: string, run: string, at: Boundary, world: World): Promise<void> => {
    expect((await killedAt(world, ["scrub", run, "--accept", "key-backup"], at)).signal, at.kind).toBe("SIGKILL");
    expect(await there(name, world), at.kind).toEqual(SECRETS);
    const finished = await world.unsprawl(["scrub", run, "--accept", "key-backup"]);
    expect(finished.code, `${at.kind}: ${finished.stderr}`).toBe(0);
    // unsprawl did not make the secret, so an empty one stays.
    expect(await inVault(name), at.kind).toEqual({});
    expect(await there(name, world), at.kind).toEqual(SECRETS);
  };
  const verbs = ["resume", "rollback"] as const;
  const first = randomInt(2);
  const boundaries = boundariesOf(applied.kinds).flatMap((at, turn) =>
    (DEEP ? verbs : [verbs[(turn + first) % 2] ?? "resume"]).map((verb) => ({ at, verb })),
  );
  await sweep(boundaries, lanes, async ({ at, verb }, turn, world) => {
    const name = `ss-${turn}`;
    const run = await planned(name, world);
    const killed = await killedAt(world, ["apply", `${name}.json`], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    const begun = stateOf(world, run) !== null;
    if (begun) {
      const finished = await world.unsprawl([verb, run]);
      expect(finished.code, `${verb}, ${at.kind}: ${finished.stderr}`).toBe(0);
      expect(heldLocks(join(world.dir, "state/unsprawl")), at.kind).toEqual([]);
    }
    const moved = begun && verb === "resume";
    expect(await there(name, world), at.kind).toEqual(moved ? SECRETS : null);
    expect(await inVault(name), at.kind).toEqual(SECRETS);
    const next = moved ? ofScrub.shift() : undefined;
    if (next !== undefined) await scrub(name, run, next, world);
  });
  for (const [turn, at] of ofScrub.entries()) {
    const name = `ss-scrub-${turn}`;
    const run = await planned(name, world);
    expect((await world.unsprawl(["apply", `${name}.json`])).code).toBe(0);
    await scrub(name, run, at, world);
  }
});
