import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startOpenBao } from "./services/openbao.ts";
import { boundariesOf, killedAt, recorded } from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type World } from "./support/world.ts";

// From store to store, killed around writes of the journal: then `resume` or `rollback`, and nothing is lost, left
// behind or doubled. Until `scrub` the old store has every value; after it, killed or not, the new one has.

const { DB_PASSWORD = "", TLS_PRIVATE_KEY = "", SMTP_PASSWORD = "" } = twelveSecrets();
const SECRETS = { DB_PASSWORD, TLS_PRIVATE_KEY, SMTP_PASSWORD };

let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  bao = await startOpenBao();
  world = makeWorld("unix:///nowhere", { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  // Makes the age key.
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    "stores: { there: { provider: local, file: 'there/{subject}.sops.yaml' } }\n",
  );
});
afterAll(async () => {
  await bao?.stop();
  world?.remove();
});

async function inVault(name: string): Promise<unknown> {
  const answer = await fetch(`${bao.address}/v1/secret/data/apps/${name}`, { headers: { "X-Vault-Token": bao.token } });
  return answer.status === 404 ? null : ((await answer.json()) as { data: { data: unknown } }).data.data;
}

/** Null when nothing of it is there. */
async function there(name: string): Promise<{ readonly [name: string]: string } | null> {
  const file = join(world.dir, "there", `${name}.sops.yaml`);
  if (!existsSync(file)) return null;
  const environment = Object.fromEntries(Object.keys(SECRETS).map((key) => [key, `ref+sops://${file}#/${key}`]));
  const script =
    "process.stdout.write(JSON.stringify(Object.fromEntries(process.argv.slice(1).map((n) => [n, process.env[n]]))))";
  const ran = await world.unsprawl(["run", "--", process.execPath, "-e", script, ...Object.keys(SECRETS)], {
    env: environment,
  });
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as { [name: string]: string };
}

async function planned(name: string): Promise<string> {
  await bao.api("POST", `secret/data/apps/${name}`, { data: SECRETS });
  const plan = await world.unsprawl(["plan", `vault:apps/${name}`, "--to", "there", "-o", `${name}.json`, "--json"]);
  expect(plan.code, plan.stderr).toBe(0);
  return (JSON.parse(plan.stdout) as { id: string }).id;
}

async function runOf(name: string): Promise<string | null> {
  const { runs } = JSON.parse((await world.unsprawl(["runs", "--json"])).stdout) as {
    runs: { run: string; units: { unit: string }[] }[];
  };
  return runs.find(({ units }) => units.some(({ unit }) => unit === name))?.run ?? null;
}

it.each(["resume", "rollback"] as const)("killed at step boundaries, then %s", { timeout: 600_000 }, async (verb) => {
  await planned(`ss-${verb}-undisturbed`);
  const { ran, kinds } = await recorded(world, ["apply", `ss-${verb}-undisturbed.json`]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(kinds.length).toBeGreaterThan(15);
  for (const [turn, at] of boundariesOf(kinds).entries()) {
    const name = `ss-${verb}-${turn}`;
    await planned(name);
    const killed = await killedAt(world, ["apply", `${name}.json`], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    const run = await runOf(name);
    if (run !== null) {
      const finished = await world.unsprawl([verb, run]);
      expect(finished.code, `${verb}, ${at.kind}: ${finished.stderr}`).toBe(0);
      expect(await there(name)).toEqual(verb === "resume" ? SECRETS : null);
      expect(heldLocks(join(world.dir, "state/unsprawl"))).toEqual([]);
    } else expect(await there(name)).toBe(null);
    expect(await inVault(name)).toEqual(SECRETS);
  }
});

it(
  "a scrub that is killed at step boundaries is finished by the next; the new store has all",
  { timeout: 600_000 },
  async () => {
    const begin = async (name: string): Promise<string> => {
      const run = await planned(name);
      expect((await world.unsprawl(["apply", `${name}.json`])).code).toBe(0);
      return run;
    };
    const { ran, kinds } = await recorded(world, ["scrub", await begin("ss-scrub-undisturbed")]);
    expect(ran.code, ran.stderr).toBe(0);
    for (const [turn, at] of boundariesOf(kinds).entries()) {
      const name = `ss-scrub-${turn}`;
      const run = await begin(name);
      expect((await killedAt(world, ["scrub", run], at)).signal).toBe("SIGKILL");
      expect(await there(name)).toEqual(SECRETS);
      const finished = await world.unsprawl(["scrub", run]);
      expect(finished.code, finished.stderr).toBe(0);
      // unsprawl did not make the secret, so an empty one stays.
      expect(await inVault(name)).toEqual({});
      expect(await there(name)).toEqual(SECRETS);
    }
  },
);
