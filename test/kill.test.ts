import { randomInt } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { Containers } from "./support/containers.ts";
import { resolved, savePlan, stateOf } from "./support/in-process.ts";
import { DEEP } from "./support/deep.ts";
import {
  boundariesOf,
  killedAt,
  notYetVisited,
  oneOfEachStep,
  recorded,
  sweep,
  type Boundary,
} from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

// The second guard of the laws: SIGKILL at step boundaries (in every run at each kind of them, in one of the forms that a
// migration has here; in a deep run at all of them in each form) and at random instants; then `resume` or `rollback`. The
// application serves its value, store and configuration agree, nothing is lost or left behind.

const RANDOM_KILLS = DEEP ? 50 : 4;
/** Which verb comes first is drawn, so that two runs see each boundary end both ways. */
const first = randomInt(2);

let engine: WorkerEngine;
let bao: OpenBao;
let containers: Containers;
/**
 * Worlds that work side by side on the one engine, each with locks of its own. Only the first delivers by the runtime:
 * what that may resolve stands in one file, which the locks of one world guard.
 */
const lanes: World[] = [];

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  containers = new Containers(engine.socket);
  // An engine has one runtime, which finds what it needs in one memory folder.
  const runtime: { [name: string]: string } = {};
  for (let lane = 0; lane < 3; lane++) {
    const world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, ...runtime });
    for (const name of ["UNSPRAWL_RUNTIME_HOME", "UNSPRAWL_RUNTIME_DIR"]) runtime[name] ??= world.env[name] ?? "";
    lanes.push(world);
  }
  const install = ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile];
  const installed = await lane(0).unsprawl(install);
  expect(installed.code, installed.stderr).toBe(0);
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  for (const world of lanes) world.remove();
});

const lane = (at: number): World => lanes[at] as World;
const { DB_PASSWORD = "" } = twelveSecrets();
const SECRETS: { readonly [name: string]: string } = { DB_PASSWORD };

/** A migration of one container, and of one that shares its network where it has one. */
class Subject {
  readonly name: string;
  readonly world: World;
  readonly to: "local" | "vault";
  run = "";
  #before: readonly string[] = [];

  constructor(name: string, world: World, to: "local" | "vault") {
    this.name = name;
    this.world = world;
    this.to = to;
  }

  /** Starts it, and plans its migration. */
  async begin(shared: boolean): Promise<this> {
    await containers.run(this.name, SECRETS, { NetworkMode: "none" });
    if (shared) await containers.run(this.#side, {}, { NetworkMode: `container:${this.name}` });
    this.#before = await this.#ids();
    const deliver = this.to === "local" ? "shim" : "runtime";
    const options = { to: this.to, deliver, grace: "100ms", accept: shared ? ["sharers"] : [] };
    this.run = await savePlan(this.world, `${this.name}.json`, [`docker:${this.name}`], options);
    return this;
  }

  apply(at: Boundary): Promise<Ran> {
    return killedAt(this.world, ["apply", `${this.name}.json`], at);
  }

  /** Whether the run that was killed had begun; if it had not, nothing was touched. */
  async hasBegun(): Promise<boolean> {
    if (stateOf(this.world, this.run) !== null) return true;
    expect(await this.#ids()).toEqual(this.#before);
    expect(await this.#stored()).toBeNull();
    await this.#expectServing();
    return false;
  }

  /** Finishes a run that was killed by this verb. */
  async finish(verb: "resume" | "rollback", what: string): Promise<void> {
    const finished = await this.world.unsprawl([verb, this.run]);
    expect(finished.code, `${verb} after ${what}: ${finished.stderr}`).toBe(0);
  }

  async expectMoved(): Promise<void> {
    await this.#expectServing();
    expect(await this.#stored()).toEqual(SECRETS);
    expect(JSON.stringify(await containers.inspect(this.name))).not.toContain(DB_PASSWORD);
    const kept = this.#own.map((one) => `${one}-before-${this.run}`);
    expect(await this.#names()).toEqual([...this.#own, ...kept].sort());
  }

  async expectBack(): Promise<void> {
    await this.#expectServing();
    expect(await this.#ids()).toEqual(this.#before);
    expect(await this.#names()).toEqual([...this.#own].sort());
    expect(await this.#stored()).toBeNull();
    const units = join(this.world.env["UNSPRAWL_RUNTIME_DIR"] ?? "", "units");
    expect((existsSync(units) ? readdirSync(units) : []).filter((one) => one.startsWith(`${this.name}-`))).toEqual([]);
  }

  async clear(): Promise<void> {
    await containers.remove(...(await this.#names()));
  }

  get #side(): string {
    return `side-${this.name}`;
  }

  get #own(): readonly string[] {
    return this.#before.length === 2 ? [this.name, this.#side] : [this.name];
  }

  async #names(): Promise<string[]> {
    return [...(await containers.names(this.name)), ...(await containers.names(this.#side))].sort();
  }

  async #ids(): Promise<string[]> {
    const own = (await containers.names(this.#side)).includes(this.#side) ? [this.name, this.#side] : [this.name];
    return Promise.all(own.map((name) => containers.idOf(name)));
  }

  /** The application is up under its name and has its values, whatever happened. */
  async #expectServing(): Promise<void> {
    // A container that has just started may still be in the script that becomes its program.
    await vi.waitFor(
      async () => {
        const environments = await containers.environments(this.name);
        expect(environments.find((one) => "DB_PASSWORD" in one)).toMatchObject(SECRETS);
      },
      { timeout: 30_000, interval: 100 },
    );
    expect(heldLocks(join(this.world.dir, "state/unsprawl"))).toEqual([]);
    if (this.#before.length < 2) return;
    const [app = "", side = ""] = await this.#ids();
    const { HostConfig, State } = await containers.inspect(this.#side);
    expect(HostConfig).toMatchObject({ NetworkMode: `container:${app}` });
    expect(State).toMatchObject({ Running: true });
    // One is not put back without the other.
    expect(side === this.#before[1]).toBe(app === this.#before[0]);
  }

  async #stored(): Promise<{ readonly [name: string]: string | undefined } | null> {
    const file = join(this.world.dir, ".local/share/unsprawl/secrets", `${this.name}.sops.yaml`);
    if (this.to === "local")
      return existsSync(file) ? resolved(this.world, { DB_PASSWORD: `ref+sops://${file}#/DB_PASSWORD` }) : null;
    const url = `${bao.address}/v1/secret/data/apps/${this.name}`;
    const answer = await fetch(url, { headers: { "X-Vault-Token": bao.token } });
    if (answer.status === 404) return null;
    return ((await answer.json()) as { data: { data: { [name: string]: string } } }).data.data;
  }
}

/** What a run goes through when nothing disturbs it. */
async function undisturbed(subject: Subject): Promise<readonly string[]> {
  const { ran, kinds } = await recorded(subject.world, ["apply", `${subject.name}.json`]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(kinds.length).toBeGreaterThan(40);
  await subject.expectMoved();
  return kinds;
}

/** Kinds of boundaries at which the sweeps so far have killed. */
const visited = new Set<string>();

it.each([
  // Until the container is recreated nothing is done to what shares its network.
  { to: "local", shared: true, from: "before intent recreate" },
  { to: "vault", shared: false, from: undefined },
] as const)(
  "killed at step boundaries on the way to $to (shared: $shared), then resumed or rolled back",
  { timeout: 900_000 },
  async ({ to, shared, from }) => {
    const name = `k-${to}-${shared ? "shared" : "alone"}`;
    const model = await new Subject(`${name}-undisturbed`, lane(0), to).begin(shared);
    const boundaries = oneOfEachStep(boundariesOf(await undisturbed(model), from));
    expect(boundaries.length).toBeGreaterThan(7);
    for (const { kind } of boundaries) visited.add(kind);
    await model.clear();
    await sweep(boundaries, to === "vault" ? [lane(0)] : lanes, async (at, turn, world) => {
      const subject = await new Subject(`${name}-${turn}`, world, to).begin(shared);
      const killed = await subject.apply(at);
      expect(killed.signal, `${at.kind}: exit ${killed.code}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
      const verb = (turn + first) % 2 === 0 ? "resume" : "rollback";
      if (await subject.hasBegun()) {
        await subject.finish(verb, at.kind);
        await (verb === "resume" ? subject.expectMoved() : subject.expectBack());
      }
      await subject.clear();
    });
  },
);

it("killed at step boundaries, then resumed or rolled back; so is the rollback", { timeout: 900_000 }, async () => {
  const model = await new Subject("k-local-undisturbed", lane(0), "local").begin(false);
  const boundaries = notYetVisited(boundariesOf(await undisturbed(model)), visited);
  const back = await recorded(lane(0), ["rollback", model.run]);
  expect(back.ran.code, back.ran.stderr).toBe(0);
  await model.expectBack();
  await model.clear();
  expect(boundaries.length).toBeGreaterThan(12);

  const ofRollback = boundariesOf(back.kinds);
  expect(ofRollback.length).toBeGreaterThan(8);
  const undo = async (subject: Subject, at: Boundary): Promise<void> => {
    const killed = await killedAt(subject.world, ["rollback", subject.run], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    // `resume` goes on with a rollback that was begun.
    await subject.finish(randomInt(2) === 0 ? "rollback" : "resume", `a rollback killed ${at.kind}`);
    if (stateOf(subject.world, subject.run) === "done") await subject.expectMoved();
    else await subject.expectBack();
  };
  await sweep(boundaries, lanes, async (at, turn, world) => {
    const subject = await new Subject(`k-local-${turn}`, world, "local").begin(false);
    const killed = await subject.apply(at);
    expect(killed.signal, `${at.kind}: exit ${killed.code}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
    const verb = (turn + first) % 2 === 0 ? "resume" : "rollback";
    if (await subject.hasBegun()) {
      await subject.finish(verb, at.kind);
      if (verb === "rollback") await subject.expectBack();
      else {
        await subject.expectMoved();
        const next = ofRollback.shift();
        if (next !== undefined) await undo(subject, next);
      }
    }
    await subject.clear();
  });
  await sweep(ofRollback.splice(0), lanes, async (at, turn, world) => {
    const subject = await new Subject(`k-back-${turn}`, world, "local").begin(false);
    const applied = await world.unsprawl(["apply", `${subject.name}.json`]);
    expect(applied.code, applied.stderr).toBe(0);
    await undo(subject, at);
    await subject.clear();
  });
});

it("killed at random instants, then resumed or rolled back", { timeout: 900_000 }, async () => {
  const instants = Array.from({ length: RANDOM_KILLS }, () => 40 + randomInt(900));
  let killed = 0;
  await sweep(instants, lanes, async (killAfterMs, at, world) => {
    const subject = await new Subject(`k-random-${at}`, world, world === lane(0) ? "vault" : "local").begin(false);
    const { signal } = await world.unsprawl(["apply", `${subject.name}.json`], { killAfterMs });
    if (signal === "SIGKILL") killed++;
    const verb = at % 2 === 0 ? "resume" : "rollback";
    if (await subject.hasBegun()) {
      await subject.finish(verb, `${killAfterMs} ms`);
      await (verb === "resume" ? subject.expectMoved() : subject.expectBack());
    }
    await subject.clear();
  });
  expect(killed).toBeGreaterThan(RANDOM_KILLS / 2);
});
