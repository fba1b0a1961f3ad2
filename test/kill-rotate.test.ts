import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RotationTarget } from "../src/contract/rotator.ts";
import { LOGIN_SERVERS, logsIn, passwordIn, targetOf, type LoginServer } from "./rotate/login-servers.ts";
import { APP, BUSYBOX } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { sample } from "./support/deep.ts";
import { stateOf } from "./support/in-process.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, type Boundary } from "./support/kill.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type World } from "./support/world.ts";

// A rotation of a login of one kind of server, as drawn (in a deep run of each), killed around each of its effects (in every
// run one of each, as drawn; in a deep run all): then `resume` or `rollback`. One value logs in, the store has it, each container has it, and nothing is left beside the entries that
// `scrub` does not delete. The containers stay the same throughout: each ending is the next beginning.

const first = randomInt(2);
const CONTAINERS = ["web", "worker"] as const;

let engine: WorkerEngine;
let bao: OpenBao;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
});

describe.each(sample(LOGIN_SERVERS, 1))("a login of %s", (kind, _overlap, startServer) => {
  let server: LoginServer;
  let target: RotationTarget;
  let world: World;
  const named = (name: string): string => `${kind}-${name}`;
  /** The password that counts. */
  let current = `${randomBytes(12).toString("base64url")}/+ü`;

  beforeAll(async () => {
    server = await startServer(current);
    target = await targetOf(server, current);
    world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    const env = Object.entries(server.variables(current)).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
    const how = ["--only", server.held, "--to", "vault", "--grace", "100ms", "--yes"];
    for (const name of CONTAINERS.map(named)) {
      engine.docker("run", "-d", "--name", name, "--network", "host", "--stop-timeout", "1", ...env, BUSYBOX, ...APP);
      const moved = await world.unsprawl(["migrate", `docker:${name}`, ...how]);
      expect(moved.code, moved.stderr).toBe(0);
    }
  });

  afterAll(async () => {
    for (const name of CONTAINERS.map(named)) engine.docker("rm", "-f", name);
    await server?.stop();
    world?.remove();
  });

  function variable(name: string, variableName: string): string | undefined {
    const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
    const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return all.find((one) => one.startsWith(`${variableName}=`))?.slice(variableName.length + 1);
  }

  async function stored(path: string): Promise<{ readonly [name: string]: string }> {
    const { data } = (await bao.api("GET", `secret/data/${path}`)) as { data: { data: { [name: string]: string } } };
    return data.data;
  }

  /** The file of a rotation that is planned now, and its run. */
  async function planned(): Promise<string> {
    const shown = await world.unsprawl(["rotate", `docker:${named("web")}`, "--grace", "100ms", "-o", "rotation.json"]);
    expect(shown.code, shown.stdout + shown.stderr).toBe(0);
    return (JSON.parse(readFileSync(join(world.dir, "rotation.json"), "utf8")) as { id: string }).id;
  }

  /** One value everywhere: at the server, in the store and in both containers. Returns it. */
  async function expectWhole(what: string, isScrubbed: boolean): Promise<string> {
    const { held, variables } = server;
    const all = await Promise.all(CONTAINERS.map((name) => stored(`apps/${named(name)}`)));
    const value = passwordIn(all[0]?.[held] ?? "");
    const whole = variables(value)[held];
    for (const [at, name] of CONTAINERS.entries())
      expect([all[at]?.[held], variable(named(name), held)], `${what}: ${name}`).toEqual([whole, whole]);
    expect(await logsIn(target, value), what).toBe(true);
    expect(heldLocks(join(world.dir, "state/unsprawl")), what).toEqual([]);
    if (isScrubbed)
      expect(
        all.map((one) => Object.keys(one)),
        what,
      ).toEqual([[held], [held]]);
    return value;
  }

  async function expectRotated(run: string, what: string): Promise<void> {
    const old = current;
    current = await expectWhole(what, false);
    expect(current, what).not.toBe(old);
    expect(await logsIn(target, old), what).toBe(false);
    expect(stateOf(world, run), what).toBe("done");
  }

  async function expectBack(to: string, what: string): Promise<void> {
    const not = current;
    current = await expectWhole(what, true);
    expect(current, what).toBe(to);
    if (not !== to) expect(await logsIn(target, not), what).toBe(false);
  }

  async function scrubbed(run: string): Promise<void> {
    const done = await world.unsprawl(["scrub", run, "--yes"]);
    expect(done.code, done.stderr).toBe(0);
    await expectWhole("scrubbed", true);
  }

  async function finished(verb: "resume" | "rollback", run: string, what: string): Promise<void> {
    const { code, stdout, stderr } = await world.unsprawl([verb, run]);
    expect(code, `${verb} after ${what}: ${stdout}${stderr}`).toBe(0);
  }

  /** Rolls a finished run back, killed there. */
  async function undone(run: string, old: string, at: Boundary): Promise<void> {
    const what = `a rollback killed ${at.kind} (${at.nth})`;
    const killed = await killedAt(world, ["rollback", run], at);
    expect(killed.signal, `${what}: ${killed.stderr}`).toBe("SIGKILL");
    await finished(randomInt(2) === 0 ? "rollback" : "resume", run, what);
    if (stateOf(world, run) === "done") await scrubbed(run);
    else await expectBack(old, what);
  }

  it("killed at any step, it is resumed or rolled back, and nobody is locked out", { timeout: 1_800_000 }, async () => {
    const run = await planned();
    const old = current;
    const forth = await recorded(world, ["apply", "rotation.json"]);
    expect(forth.ran.code, forth.ran.stderr).toBe(0);
    await expectRotated(run, "undisturbed");
    const back = await recorded(world, ["rollback", run]);
    expect(back.ran.code, back.ran.stderr).toBe(0);
    await expectBack(old, "a rollback, undisturbed");
    const ofItself = ({ kind }: Boundary): boolean => kind.includes(" rotate");
    const ofForth = oneOfEachStep(boundariesOf(forth.kinds).filter(ofItself));
    const ofBack = oneOfEachStep(boundariesOf(back.kinds).filter(ofItself));
    for (const step of ["before", "next", "admit", "entry", "files", "restart", "retire"])
      expect(forth.kinds).toContain(`after intent rotate/${step}`);
    expect(ofForth.length).toBeGreaterThan(6);
    expect(ofBack.length).toBeGreaterThan(5);
    process.stdout.write(`${kind}: ${ofForth.length} kills forth, ${ofBack.length} back\n`);

    for (const [turn, at] of ofForth.entries()) {
      const what = `${at.kind} (${at.nth})`;
      const was = current;
      const id = await planned();
      const killed = await killedAt(world, ["apply", "rotation.json"], at);
      expect(killed.signal, `${what}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
      if ((turn + first) % 2 === 0) {
        await finished("rollback", id, what);
        await expectBack(was, what);
        continue;
      }
      await finished("resume", id, what);
      await expectRotated(id, what);
      const next = ofBack.shift();
      await (next === undefined ? scrubbed(id) : undone(id, was, next));
    }
    for (const at of ofBack) {
      const was = current;
      const id = await planned();
      const applied = await world.unsprawl(["apply", "rotation.json"]);
      expect(applied.code, applied.stderr).toBe(0);
      await expectRotated(id, at.kind);
      await undone(id, was, at);
    }
  });
});
