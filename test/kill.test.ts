import { randomInt } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { Containers } from "./support/containers.ts";
import { resolved, savePlan, stateOf } from "./support/in-process.ts";
import { DEEP } from "./support/deep.ts";
import { inDeepRun } from "./support/deep-run.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, sweep, type Boundary } from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

// The second guard of the laws: SIGKILL at step boundaries (in every run at each step, on one side of it and in one of the
// forms that a migration has here, as drawn; in a deep run everywhere in each form, and at random instants); then `resume`
// or `rollback`. The application serves its value, store and configuration agree, nothing is lost or left behind.

const RANDOM_KILLS = 50;
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
      { timeout: 120_000, interval: 100 },
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

/** What a migration has here: of them the second has steps of its sharer too, and the third goes by the runtime. */
const FORMS = [
  { name: "alone", to: "local", shared: false },
  { name: "shared", to: "local", shared: true },
  { name: "vault", to: "vault", shared: false },
] as const;
type Visit = Boundary & { readonly form: (typeof FORMS)[number] };

/** The boundaries that a run comes by when nothing disturbs it, in each form; those of a rollback in the first. */
async function undisturbed(): Promise<{ readonly ofApply: readonly Visit[]; readonly ofRollback: Boundary[] }> {
  const ofApply: Visit[] = [];
  const ofRollback: Boundary[] = [];
  for (const form of FORMS) {
    const subject = await new Subject(`k-${form.name}-undisturbed`, lane(0), form.to).begin(form.shared);
    const { ran, kinds } = await recorded(subject.world, ["apply", `${subject.name}.json`]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(kinds.length).toBeGreaterThan(40);
    await subject.expectMoved();
    ofApply.push(...boundariesOf(kinds).map((at) => ({ ...at, form })));
    if (form === FORMS[0]) {
      const back = await recorded(subject.world, ["rollback", subject.run]);
      expect(back.ran.code, back.ran.stderr).toBe(0);
      await subject.expectBack();
      // How many locks it takes depends on what else is there that gets its files in memory.
      ofRollback.push(...boundariesOf(back.kinds).filter(({ kind, nth }) => !kind.endsWith("write lock") || nth < 2));
    }
    await subject.clear();
  }
  return { ofApply, ofRollback };
}

/**
 * Of the boundaries of all forms one of each step, and where a step is done to a sharer too, one more: there on its other
 * side. kill-stores.test.ts and kill-files.test.ts kill at both sides of the steps that have no container.
 */
function chosen(ofApply: readonly Visit[]): readonly Visit[] {
  if (DEEP) return ofApply;
  const twice = ofApply.filter(({ kind, nth }) => nth > 0 && kind.includes(" recreate/")).map(({ kind }) => kind);
  const ofSharer = oneOfEachStep(ofApply.filter(({ form, kind }) => form.shared && twice.includes(kind)));
  expect(ofSharer.length).toBeGreaterThan(4);
  return [
    ...oneOfEachStep(
      ofApply.filter(({ form }) => !form.shared),
      ofSharer,
    ),
    ...ofSharer,
  ];
}

it("killed at step boundaries, then resumed or rolled back; so is the rollback", { timeout: 1_800_000 }, async () => {
  const { ofApply, ofRollback: all } = await undisturbed();
  const visits = chosen(ofApply);
  expect(visits.length).toBeGreaterThan(18);
  const ofRollback = oneOfEachStep(all);
  expect(ofRollback.length).toBeGreaterThan(6);

  const undo = async (subject: Subject, at: Boundary): Promise<void> => {
    const killed = await killedAt(subject.world, ["rollback", subject.run], at);
    expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
    // `resume` goes on with a rollback that was begun.
    await subject.finish(randomInt(2) === 0 ? "rollback" : "resume", `a rollback killed ${at.kind}`);
    if (stateOf(subject.world, subject.run) === "done") await subject.expectMoved();
    else await subject.expectBack();
  };
  const visit = async ({ form, ...at }: Visit, turn: number, world: World): Promise<void> => {
    const subject = await new Subject(`k-${form.name}-${turn}`, world, form.to).begin(form.shared);
    const killed = await subject.apply(at);
    expect(killed.signal, `${at.kind}: exit ${killed.code}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
    const verb = (turn + first) % 2 === 0 ? "resume" : "rollback";
    if (await subject.hasBegun()) {
      await subject.finish(verb, at.kind);
      if (verb === "rollback") await subject.expectBack();
      else {
        await subject.expectMoved();
        const next = form === FORMS[0] ? ofRollback.shift() : undefined;
        if (next !== undefined) await undo(subject, next);
      }
    }
    await subject.clear();
  };
  const by = (to: string): Visit[] => visits.filter(({ form }) => form.to === to);
  await Promise.all([sweep(by("vault"), [lane(0)], visit), sweep(by("local"), [lane(1), lane(2)], visit)]);
  await sweep(ofRollback.splice(0), lanes, async (at, turn, world) => {
    const subject = await new Subject(`k-back-${turn}`, world, "local").begin(false);
    const applied = await world.unsprawl(["apply", `${subject.name}.json`]);
    expect(applied.code, applied.stderr).toBe(0);
    await undo(subject, at);
    await subject.clear();
  });
});

// An instant falls into a step, and each step has had its turn.
inDeepRun("killed at random instants, then resumed or rolled back", { timeout: 900_000 }, async () => {
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
