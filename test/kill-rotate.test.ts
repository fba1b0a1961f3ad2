import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { APP, BUSYBOX } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { startPostgres, type TestPostgres } from "./services/postgres.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { stateOf } from "./support/in-process.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, type Boundary } from "./support/kill.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type World } from "./support/world.ts";

// A rotation, killed around each of its effects (in every run one of each, as drawn; in a deep run all): then `resume` or
// `rollback`. One value logs in, the store has it, each container has it, and nothing is left beside the entries that
// `scrub` does not delete. The containers stay the same throughout: each ending is the next beginning.

const ROLE = "app";
const first = randomInt(2);

let engine: WorkerEngine;
let bao: OpenBao;
let postgres: TestPostgres;
let world: World;
/** The password that counts. */
let current = `${randomBytes(12).toString("base64url")}/+ü`;

beforeAll(async () => {
  [engine, bao, postgres] = await Promise.all([
    workerEngine(),
    startOpenBao(),
    startPostgres("host all all all scram-sha-256"),
  ]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  await postgres.sql(`create role ${ROLE} login password '${current}'`);
  const host = ["--network", "host", "--stop-timeout", "1"];
  engine.docker("run", "-d", "--name", "web", ...host, "-e", `DATABASE_URL=${url(current)}`, BUSYBOX, ...APP);
  engine.docker("run", "-d", "--name", "worker", ...host, "-e", `DB_PASSWORD=${current}`, BUSYBOX, ...APP);
  for (const name of ["web", "worker"]) {
    const moved = await world.unsprawl(["migrate", `docker:${name}`, "--to", "vault", "--grace", "100ms", "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
  }
});

afterAll(async () => {
  await engine?.clean();
  await Promise.all([bao?.stop(), postgres?.stop()]);
  world?.remove();
});

const url = (password: string): string =>
  `postgresql://${ROLE}:${encodeURIComponent(password)}@127.0.0.1:${postgres.port}/postgres?sslmode=require`;

const logsIn = (password: string): Promise<boolean> => postgres.logsIn(ROLE, password);

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
  const shown = await world.unsprawl(["rotate", "--grace", "100ms", "-o", "rotation.json"]);
  expect(shown.code, shown.stdout + shown.stderr).toBe(0);
  return (JSON.parse(readFileSync(join(world.dir, "rotation.json"), "utf8")) as { id: string }).id;
}

/** One value everywhere: at the server, in the store and in both containers. Returns it. */
async function expectWhole(what: string, isScrubbed: boolean): Promise<string> {
  const [web, worker] = [await stored("apps/web"), await stored("apps/worker")];
  const value = worker["DB_PASSWORD"] ?? "";
  expect(web["DATABASE_URL"], what).toBe(url(value));
  expect([variable("web", "DATABASE_URL"), variable("worker", "DB_PASSWORD")], what).toEqual([url(value), value]);
  expect(await logsIn(value), what).toBe(true);
  expect(heldLocks(join(world.dir, "state/unsprawl")), what).toEqual([]);
  if (isScrubbed) expect([Object.keys(web), Object.keys(worker)], what).toEqual([["DATABASE_URL"], ["DB_PASSWORD"]]);
  return value;
}

async function expectRotated(run: string, what: string): Promise<void> {
  const old = current;
  current = await expectWhole(what, false);
  expect(current, what).not.toBe(old);
  expect(await logsIn(old), what).toBe(false);
  expect(stateOf(world, run), what).toBe("done");
}

async function expectBack(to: string, what: string): Promise<void> {
  const not = current;
  current = await expectWhole(what, true);
  expect(current, what).toBe(to);
  if (not !== to) expect(await logsIn(not), what).toBe(false);
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
