import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { statePath } from "../../src/kit/io/state-path.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { killedAt, type Boundary } from "../support/kill.ts";
import { makeWorld, type World } from "../support/world.ts";

// What the schedule says is due is rotated from a timer: nothing else is, and what fails is said once.

const DAY_MS = 86_400_000;

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
});
afterAll(() => engine?.clean());

beforeEach(async () => {
  world = makeWorld(engine.host);
  for (const name of ["web", "api"]) {
    const old = randomBytes(32).toString("hex");
    world.plant({ [name]: old });
    const variable = `${name === "web" ? "SESSION_SECRET" : "API_TOKEN"}=${old}`;
    engine.docker(
      "run",
      "-d",
      "--name",
      name,
      "--network",
      "none",
      "--stop-timeout",
      "1",
      "-e",
      variable,
      BUSYBOX,
      ...APP,
    );
    const moved = await world.unsprawl(["migrate", `docker:${name}`, "--to", "local", "--grace", "100ms", "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
  }
});

afterEach(() => {
  vi.useRealTimers();
  for (const name of ["web", "api"]) engine.docker("rm", "-f", name);
  world.remove();
});

const configure = (text: string): void => writeFileSync(join(world.dir, "own.yaml"), text, { mode: 0o600 });

/** `rotate --due` so many days from now. */
async function due(days: number, ...more: readonly string[]): ReturnType<World["unsprawl"]> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
  try {
    return await world.unsprawl(["rotate", "--due", "--grace", "100ms", "--config", "own.yaml", ...more]);
  } finally {
    vi.useRealTimers();
  }
}

function variable(container: string, name: string): string | undefined {
  const pid = engine.docker("inspect", container, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

it("rotates what is due by the names of the schedule, once, and leaves what is not scheduled", async () => {
  configure("rotate: { names: { SESSION_SECRET: 30d } }\n");
  const [session, token] = [variable("web", "SESSION_SECRET"), variable("api", "API_TOKEN")];
  expect(await due(1, "--yes")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("nothing is due; the next secret is in 6 days"),
  });
  expect(variable("web", "SESSION_SECRET")).toBe(session);
  const dry = await due(8, "--dry-run");
  expect([dry.code, dry.stdout]).toEqual([
    0,
    expect.stringMatching(/web\/SESSION_SECRET[^]*1 secret in local rotated/),
  ]);
  expect(variable("web", "SESSION_SECRET")).toBe(session);
  const done = await due(8, "--yes", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({
    due: [{ name: "SESSION_SECRET", subject: "web", everyDays: 30 }],
    stores: [{ store: "local", exit: 0, result: { state: "done", rotated: true, notRotated: [] }, error: null }],
  });
  const fresh = variable("web", "SESSION_SECRET");
  world.plant({ fresh: fresh ?? "" });
  expect([fresh === session, variable("api", "API_TOKEN")]).toEqual([false, token]);
  expect(await due(20, "--yes")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing is due") });
  expect(variable("web", "SESSION_SECRET")).toBe(fresh);
});

it("shows what the store says before a value is put, as a migration does: a file that somebody else may open gets a new data key", async () => {
  const rotate = (...more: readonly string[]): ReturnType<World["unsprawl"]> =>
    world.unsprawl(["rotate", "docker:web", "--grace", "100ms", ...more]);
  const shown = await rotate("--dry-run");
  expect([shown.code, `${shown.stdout}${shown.stderr}`]).toEqual([0, expect.not.stringContaining("new data key")]);
  // As on another machine, which did not make it.
  rmSync(join(statePath(world.env), "data-keys"), { recursive: true });
  const without = await rotate("--dry-run");
  expect(`${without.stdout}${without.stderr}`).toContain("web.sops.yaml gets a new data key");
  const before = variable("web", "SESSION_SECRET");
  const done = await rotate("--yes");
  expect(done.code, done.stderr).toBe(0);
  const fresh = variable("web", "SESSION_SECRET");
  world.plant({ fresh: fresh ?? "" });
  expect(fresh).not.toBe(before);
});

it("leaves what was moved on to another store, where others may read it", async () => {
  const other = 'stores: { other: { provider: local, file: "other/{subject}.sops.yaml" } }';
  configure(`rotate: { names: { SESSION_SECRET: 30d } }\n${other}\n`);
  const session = variable("web", "SESSION_SECRET");
  const moved = await world.unsprawl(["migrate", "local:", "--to", "other", "--config", "own.yaml", "--yes"]);
  expect(moved.code, moved.stderr + moved.stdout).toBe(0);
  const { code, stdout, stderr } = await due(8, "--yes");
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("it was moved on to the store other, where others may read it");
  expect(variable("web", "SESSION_SECRET")).toBe(session);
  expect((await world.unsprawl(["rollback", "last", "--config", "own.yaml"])).code).toBe(0);
  expect((await due(8, "--yes")).code).toBe(0);
  const fresh = variable("web", "SESSION_SECRET");
  world.plant({ fresh: fresh ?? "" });
  expect(fresh).not.toBe(session);
});

it("changes nothing of what a plan stops, says so to the channels, and ends with a code that a timer sees", async () => {
  const heard: string[] = [];
  const hook = createServer((request, response) => {
    request.on("data", (part) => heard.push(String(part)));
    request.on("end", () => response.end());
  });
  await new Promise<void>((ready) => hook.listen(0, "127.0.0.1", ready));
  const { port } = hook.address() as AddressInfo;
  configure(`rotate: { every: 90d }\nnotify: { ops: { kind: webhook, url: "http://127.0.0.1:${port}/" } }\n`);
  const token = variable("api", "API_TOKEN");
  expect((await due(8, "--dry-run")).stdout).toContain("not rotated  api API_TOKEN");
  expect(heard).toEqual([]);
  const ended = await due(8, "--yes");
  expect(ended.stdout).toContain("not rotated  api API_TOKEN: nothing here knows where it is checked");
  expect([ended.code, variable("api", "API_TOKEN")]).toEqual([5, token]);
  world.plant({ fresh: variable("web", "SESSION_SECRET") ?? "" });
  expect(heard.join("")).toMatch(/rotation of [^"]*API_TOKEN of api[^"]*: not all that is due was rotated/);
  hook.close();
});

it("does not begin again what an earlier rotation has left unfinished", async () => {
  configure("rotate: { names: { SESSION_SECRET: 30d } }\n");
  const at: Boundary = { kind: "after intent rotate/entry", nth: 0 };
  const killed = await killedAt(world, ["rotate", "docker:web", "--grace", "100ms", "--yes"], at);
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  const ended = await due(8, "--yes");
  const text = `${ended.stdout}${ended.stderr}`;
  expect([ended.code, text]).toEqual([1, expect.stringMatching(/run \S+ has begun to rotate it, and is not finished/)]);
  expect((await world.unsprawl(["rollback", "last"])).code).toBe(0);
});

it.each([
  ["without a schedule", "failOn: high\n", ["--yes"], "does not say how often secrets are rotated"],
  ["for a run", "rotate: { every: 30d }\n", ["last", "--yes"], "--due selects by the schedule alone"],
  ["without an answer", "rotate: { every: 30d }\n", [], "nobody can be asked here: it needs --yes"],
])("is refused %s", async (_, text, args, says) => {
  configure(text);
  expect(await due(8, ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
});
