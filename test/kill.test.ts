import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEngine, type TestEngine } from "./services/engine.ts";
import { APP, BUSYBOX, makeImages } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { boundariesOf, DEEP, killedAt, recorded } from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

// The second guard of the laws: at step boundaries (the first and last of each kind; all in a deep run) and at random
// instants SIGKILL; then `resume` or `rollback`. The application serves its value, store and configuration agree,
// nothing is lost or left behind.

const RANDOM_KILLS = DEEP ? 50 : 4;
/** Which verb comes first is drawn, so that two runs see each boundary end both ways. */
const first = randomInt(2);

let engine: TestEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;
let kills = 0;

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  await world.unsprawl(["plan", "docker:none*", "--to", "local"]);
  const installed = await world.unsprawl(["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile]);
  expect(installed.code, installed.stderr).toBe(0);
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
  expect(kills).toBeGreaterThanOrEqual(DEEP ? 200 : 40);
});

const { DB_PASSWORD = "", TLS_PRIVATE_KEY = "" } = twelveSecrets();
const SECRETS: { readonly [name: string]: string } = { DB_PASSWORD, TLS_PRIVATE_KEY };

function fresh(name: string): string {
  engine.docker(
    "run",
    "-d",
    "--name",
    name,
    "--network",
    "none",
    "--init",
    ...Object.entries(SECRETS).flatMap(([key, value]) => ["-e", `${key}=${value}`]),
    BUSYBOX,
    ...APP,
  );
  return engine.docker("inspect", "-f", "{{.Id}}", name);
}

/** One that shares the application's network, and is created again after it. */
function sharer(name: string): string {
  engine.docker("run", "-d", "--name", `side-${name}`, "--init", "--network", `container:${name}`, BUSYBOX, ...APP);
  return engine.docker("inspect", "-f", "{{.Id}}", `side-${name}`);
}

function expectSharing(name: string): void {
  const id = engine.docker("inspect", "-f", "{{.Id}}", name);
  const [mode, running] = engine
    .docker("inspect", "-f", "{{.HostConfig.NetworkMode}} {{.State.Running}}", `side-${name}`)
    .split(" ");
  expect([mode, running]).toEqual([`container:${id}`, "true"]);
}

function processes(name: string): { readonly [name: string]: string }[] {
  const pids = engine
    .docker("top", name, "-eo", "pid")
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
  return pids.map((pid) => {
    const entries = readFileSync(`/proc/${pid}/environ`).toString("utf8").split("\0");
    return Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  });
}

/** The application is up under its name and has its values, whatever happened. */
function expectServing(name: string): void {
  expect(engine.docker("inspect", "-f", "{{.State.Running}}", name)).toBe("true");
  const shell = processes(name).find((environ) => "DB_PASSWORD" in environ);
  expect(shell).toMatchObject(SECRETS);
}

function names(name: string): string[] {
  return engine
    .docker("ps", "-a", "--format", "{{.Names}}")
    .split("\n")
    .filter((one) => [name, `side-${name}`].some((own) => one === own || one.startsWith(`${own}-`)));
}

async function stored(name: string, to: string): Promise<{ readonly [name: string]: string } | null> {
  if (to === "local") {
    const file = join(world.dir, "secrets", `${name}.sops.yaml`);
    if (!existsSync(file)) return null;
    const environment = Object.fromEntries(Object.keys(SECRETS).map((key) => [key, `ref+sops://${file}#/${key}`]));
    const shown = await world.unsprawl(["run", "--", "sh", "-c", 'printf "%s\\0" "$DB_PASSWORD" "$TLS_PRIVATE_KEY"'], {
      env: environment,
    });
    const [password = "", key = ""] = shown.stdout.split("\0");
    return { DB_PASSWORD: password, TLS_PRIVATE_KEY: key };
  }
  const answer = await fetch(`${bao.address}/v1/secret/data/apps/${name}`, { headers: { "X-Vault-Token": bao.token } });
  return answer.status === 404
    ? null
    : ((await answer.json()) as { data: { data: { [name: string]: string } } }).data.data;
}

async function planned(name: string, to: string, deliver: string, more: readonly string[] = []): Promise<void> {
  const plan = await world.unsprawl([
    "plan",
    `docker:${name}`,
    "--to",
    to,
    "--deliver",
    deliver,
    "--grace",
    "100ms",
    "-o",
    `${name}.json`,
    ...more,
  ]);
  expect(plan.code, plan.stderr).toBe(0);
}

/** After a kill: finish by `verb`, and everything agrees. `applied` is the killed command's outcome. */
async function expectFinished(
  name: string,
  to: string,
  id: string,
  verb: "resume" | "rollback",
  killed: Ran,
  sides: readonly string[] = [],
): Promise<void> {
  const listed = JSON.parse((await world.unsprawl(["runs", "--json"])).stdout) as {
    runs: { run: string; state: string; units: { unit: string }[] }[];
  };
  const run = listed.runs.find((one) => one.units.some((unit) => unit.unit === name));
  if (run === undefined) {
    // Killed before the run began: nothing may have been touched.
    expect(killed.signal).toBe("SIGKILL");
    expect(engine.docker("inspect", "-f", "{{.Id}}", name)).toBe(id);
    expect(await stored(name, to)).toBeNull();
    expectServing(name);
    return;
  }
  const finished = await world.unsprawl([verb, run.run]);
  expect(finished.code, `${verb} after ${run.state}: ${finished.stderr}`).toBe(0);
  expectServing(name);
  if (verb === "resume") {
    expect(await stored(name, to)).toEqual(SECRETS);
    expect(engine.docker("inspect", name)).not.toContain(SECRETS["DB_PASSWORD"]);
    expect(names(name).sort()).toEqual([name, ...sides].flatMap((one) => [one, `${one}-before-${run.run}`]).sort());
  } else {
    expect(engine.docker("inspect", "-f", "{{.Id}}", name)).toBe(id);
    expect(names(name).sort()).toEqual([name, ...sides].sort());
    expect(await stored(name, to)).toBeNull();
    const units = join(world.memory, "units");
    expect(existsSync(units) ? readdirSync(units).filter((unit) => unit.startsWith(`${name}-`)) : []).toEqual([]);
  }
  expect(heldLocks(join(world.dir, "state/unsprawl"))).toEqual([]);
}

function clear(name: string): void {
  const all = names(name);
  if (all.length > 0) engine.docker("rm", "-f", ...all);
}

it.each([
  ["local", "shim", "alone"],
  ["local", "shim", "shared"],
  ["vault", "runtime", "alone"],
] as const)(
  "killed at step boundaries (%s, %s, %s), then resumed or rolled back",
  { timeout: 900_000 },
  async (to, deliver, how) => {
    const begin = async (turn: number | "undisturbed"): Promise<{ name: string; id: string; sides: string[] }> => {
      const name = `k-${to}-${how}-${turn}`;
      const id = fresh(name);
      const sides = how === "shared" ? [sharer(name)] : [];
      await planned(name, to, deliver, how === "shared" ? ["--accept", "sharers"] : []);
      return { name, id, sides };
    };
    const undisturbed = await begin("undisturbed");
    const { ran, kinds } = await recorded(world, ["apply", `${undisturbed.name}.json`]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds.length).toBeGreaterThan(40);
    clear(undisturbed.name);
    for (const [turn, at] of boundariesOf(kinds).entries()) {
      const verb = (turn + first) % 2 === 0 ? "resume" : "rollback";
      const { name, id, sides } = await begin(turn);
      const killed = await killedAt(world, ["apply", `${name}.json`], at);
      expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
      kills++;
      await expectFinished(name, to, id, verb, killed, how === "shared" ? [`side-${name}`] : []);
      if (how === "shared") {
        expectSharing(name);
        const kept = engine.docker("inspect", "-f", "{{.Id}}", `side-${name}`) === sides[0];
        expect(kept).toBe(engine.docker("inspect", "-f", "{{.Id}}", name) === id);
      }
      clear(name);
    }
  },
);

it("killed at boundaries of a rollback, then rolled back again", { timeout: 900_000 }, async () => {
  const begin = async (name: string): Promise<{ id: string; run: string }> => {
    const id = fresh(name);
    await planned(name, "local", "shim");
    expect((await world.unsprawl(["apply", `${name}.json`])).code).toBe(0);
    return { id, run: (JSON.parse(readFileSync(join(world.dir, `${name}.json`), "utf8")) as { id: string }).id };
  };
  const undisturbed = await begin("k-back-undisturbed");
  const { ran, kinds } = await recorded(world, ["rollback", undisturbed.run]);
  await expectFinished("k-back-undisturbed", "local", undisturbed.id, "rollback", ran);
  clear("k-back-undisturbed");
  for (const [turn, at] of boundariesOf(kinds).entries()) {
    const name = `k-back-${turn}`;
    const { id, run } = await begin(name);
    const killed = await killedAt(world, ["rollback", run], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    kills++;
    // `resume` goes on with a rollback that was begun.
    const verb = turn % 2 === 0 ? "rollback" : "resume";
    const finished = await world.unsprawl([verb, run]);
    expect(finished.code, finished.stderr).toBe(0);
    if (verb === "rollback") await expectFinished(name, "local", id, "rollback", killed);
    clear(name);
  }
});

it("killed at random instants, then resumed or rolled back", { timeout: 900_000 }, async () => {
  for (let at = 0; at < RANDOM_KILLS; at++) {
    const name = `k-random-${at}`;
    const id = fresh(name);
    const [to, deliver] = at % 4 < 2 ? (["local", "shim"] as const) : (["vault", "runtime"] as const);
    await planned(name, to, deliver);
    // Spread over the whole run, start-up included.
    const killed = await world.unsprawl(["apply", `${name}.json`], { killAfterMs: 40 + Math.random() * 900 });
    if (killed.signal === "SIGKILL") kills++;
    await expectFinished(name, to, id, at % 2 === 0 ? "resume" : "rollback", killed);
    clear(name);
  }
});
