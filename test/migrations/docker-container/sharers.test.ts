import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, type Doc } from "./compare.ts";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];
const secret = (): string => `DB_PASSWORD=${twelveSecrets()["DB_PASSWORD"] ?? ""}`;
const inspect = (name: string): Doc => (JSON.parse(engine.docker("inspect", name)) as Doc[])[0] as Doc;
const idOf = (name: string): string => inspect(name).Id;

function start(name: string, ...options: string[]): string {
  engine.docker("run", "-d", "--name", name, "--init", ...options, BUSYBOX, ...APP);
  return idOf(name);
}

const how = ["--to", "local", "--deliver", "shim", "--grace", "100ms"];
const migrate = (name: string, ...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["migrate", `docker:${name}`, ...how, "--yes", ...more]);
const runOf = (stdout: string): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";
const host = (name: string): { readonly [key: string]: unknown } => inspect(name)["HostConfig"] as never;

describe("containers that rely on another", () => {
  /** `a-` to `e-` sort before what they rely on, so that no order of names does the work. */
  const SHARERS = ["d-net", "c-on-d", "b-linked", "a-volumes"];
  let olds: Map<string, Doc>;

  beforeAll(() => {
    const main = start("main", "-e", secret(), "--ipc", "shareable", "-v", "/data");
    start("d-net", "--network", "container:main", "--pid", "container:main", "--ipc", "container:main");
    start("c-on-d", "--network", "container:d-net", "--restart", "unless-stopped");
    start("b-linked", "--link", "main:db", "--link", "main:store");
    start("a-volumes", "--volumes-from", `${main}:ro`);
    start("by-name", "--volumes-from", "main");
    engine.docker("pause", "c-on-d");
    olds = new Map(["main", "by-name", ...SHARERS].map((name) => [name, inspect(name)]));
  });

  it("are named, and nothing is done, until they are accepted", async () => {
    const refused = await migrate("main");
    expect(refused.code).toBe(3);
    for (const name of SHARERS) expect(refused.stdout).toContain(name);
    expect(refused.stdout).not.toContain("by-name");
    expect(refused.stdout).toContain("--accept sharers");
    expect(idOf("main")).toBe(olds.get("main")?.Id);
  });

  it("are created again after it, in order, and differ in nothing but whom they rely on", async () => {
    const moved = await migrate("main", "--accept", "sharers");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    const [main, net] = [idOf("main"), idOf("d-net")];
    expect(main).not.toBe(olds.get("main")?.Id);
    expect(host("d-net")).toMatchObject({
      NetworkMode: `container:${main}`,
      PidMode: `container:${main}`,
      IpcMode: `container:${main}`,
    });
    expect(host("c-on-d")["NetworkMode"]).toBe(`container:${net}`);
    expect(host("b-linked")["Links"]).toEqual(expect.arrayContaining(["/main:/b-linked/db", "/main:/b-linked/store"]));
    const { IPAddress } = inspect("main").NetworkSettings.Networks["bridge"] as unknown as { IPAddress: string };
    expect(engine.docker("exec", "b-linked", "cat", "/etc/hosts")).toContain(`${IPAddress}\tdb`);
    expect(host("a-volumes")["VolumesFrom"]).toEqual(["main:ro"]);
    for (const name of SHARERS) {
      const ownReferences = /^HostConfig\.(NetworkMode|PidMode|IpcMode|Links|VolumesFrom)|^Config\.Hostname:/;
      const old = olds.get(name) as Doc;
      expect(idOf(name)).not.toBe(old.Id);
      expect(differences(old, inspect(name)).filter((one) => !ownReferences.test(one))).toEqual([]);
      // Not the mount that gives the new one its values.
      expect(JSON.stringify(inspect(name)["Mounts"])).toBe(JSON.stringify(old["Mounts"]));
    }
    expect(idOf("by-name")).toBe(olds.get("by-name")?.Id);

    const back = await world.unsprawl(["rollback", runOf(moved.stdout)]);
    expect(back.code, back.stderr).toBe(0);
    for (const [name, old] of olds) {
      expect(idOf(name)).toBe(old.Id);
      expect(inspect(name).State.Status).toBe(old.State.Status);
    }
    expect(engine.docker("exec", "b-linked", "cat", "/etc/hosts")).toMatch(/\tdb /);
    expect(engine.docker("ps", "-aq").split("\n")).toHaveLength(olds.size);
  });

  it("are purged with it by scrub", async () => {
    const moved = await migrate("main", "--accept", "sharers");
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect(engine.docker("ps", "-aq").split("\n")).toHaveLength(2 * olds.size - 1);
    const scrubbed = await world.unsprawl(["scrub", runOf(moved.stdout), "--accept", "key-backup"]);
    expect(scrubbed.code, scrubbed.stderr).toBe(0);
    expect(engine.docker("ps", "-aq").split("\n")).toHaveLength(olds.size);
  });
});

it("one that begins to rely on it after the plan was made is a change", async () => {
  start("planned", "-e", secret(), "--network", "none");
  const plan = await world.unsprawl(["plan", "docker:planned", ...how, "-o", "planned.json"]);
  expect(plan.code, plan.stderr).toBe(0);
  start("late", "--network", "container:planned");
  const applied = await world.unsprawl(["apply", "planned.json"]);
  expect(applied.code).not.toBe(0);
  expect(applied.stderr).toContain("the containers that rely on planned have changed since the plan was made");
});

it("of two that rely on one another and both hold secrets, one waits for the next plan", async () => {
  start("both-a", "-e", secret(), "--network", "none");
  start("both-b", "-e", secret(), "--network", "container:both-a");
  const first = await migrate("both-*", "--accept", "sharers");
  expect(first.code).toBe(3);
  expect(first.stdout).toMatch(/this plan creates both-b again with both-a already[^]*unsprawl plan docker:both-b/);
  const second = await migrate("both-b");
  expect(second.code, second.stdout + second.stderr).toBe(0);
  expect(host("both-b")["NetworkMode"]).toBe(`container:${idOf("both-a")}`);
  const early = await world.unsprawl(["rollback", runOf(first.stdout)]);
  expect(early.stderr).toContain("both-b was recreated since");
  expect(inspect("both-b").State.Status).toBe("running");
  for (const ran of [second, first]) expect((await world.unsprawl(["rollback", runOf(ran.stdout)])).code).toBe(0);
});

it("one whose sharer does not stay up is put back with it", async () => {
  start("whole", "-e", secret(), "--network", "none");
  // Ends at once unless it is the first of its kind.
  const once = ["sh", "-c", `mkdir /shared/first || exit 1; ${APP[2] ?? ""}`];
  engine.docker(
    "run",
    "-d",
    "--name",
    "once",
    "--init",
    "-v",
    "/shared",
    "--network",
    "container:whole",
    BUSYBOX,
    ...once,
  );
  const before = [idOf("whole"), idOf("once")];
  const moved = await migrate("whole", "--accept", "sharers");
  expect(moved.stderr + moved.stdout).toContain("once did not stay up");
  expect([idOf("whole"), idOf("once")]).toEqual(before);
});
