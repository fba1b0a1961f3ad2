import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DoctorCheck } from "../../src/core/doctor.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";

// What is wrong at 3 am: doctor calls nothing well that is not, or that it did not look at.

let engine: WorkerEngine;
let world: World;
let run: string;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  const password = random(24);
  world.plant({ password });
  engine.docker("run", "-d", "--name", "web", "-e", `DB_PASSWORD=${password}`, BUSYBOX, ...APP);
  const args = ["migrate", "docker:web", "--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"];
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  run = /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "";
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

type Doctored = { readonly code: number | null; readonly verdict: string; readonly checks: readonly DoctorCheck[] };

async function doctor(env: { readonly [name: string]: string } = {}): Promise<Doctored> {
  const { code, stdout, stderr } = await world.unsprawl(["doctor", "--json"], { env });
  expect(stderr).toBe("");
  return { code, ...(JSON.parse(stdout) as Omit<Doctored, "code">) };
}

const of = ({ checks }: Doctored, name: string): string[] =>
  checks.filter((one) => one.name === name).map(({ state, text }) => `${state}: ${text}`);

it("a host on which all is well but for the agent, the backup of the key and the rotation", async () => {
  const found = await doctor();
  expect([found.code, found.verdict]).toEqual([0, "3 warnings"]);
  expect(of(found, "files")).toEqual(["ok: 1 application of this host has its 1 file"]);
  expect(of(found, "agent")).toEqual([
    "warn: not installed: after a reboot 1 application does not start until its files are written again",
  ]);
  expect(of(found, "runs")).toEqual([`ok: run ${run} keeps what it replaced for rollback`]);
  expect(of(found, "key")).toEqual([
    `warn: only the key in ${join(world.dir, "age/keys.txt")} opens 1 entry in local, and no backup of it is confirmed`,
  ]);
  expect(of(found, "rotation")).toEqual(["warn: DB_PASSWORD of web was exposed until moved, and is not rotated yet"]);
});

it("each check has a line, and the command that helps has its own", async () => {
  const { stdout } = await world.unsprawl(["doctor", "--no-residue"]);
  expect(stdout).toMatch(/^! {2}agent .*written again\n +→ unsprawl agent install systemd\n/m);
  expect(stdout).toMatch(/confirmed\n +→ copy it to a safe place\n +→ unsprawl scrub \S+ --accept key-backup\n/);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("3 warnings");
});

describe("what was ticked once and is no longer", () => {
  it("an engine that is down: the problem once, and nothing that it would have shown is called clean", async () => {
    const found = await doctor({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
    expect(found.code).toBe(1);
    expect(of(found, "engine")).toEqual([expect.stringMatching(/^fail: .*cannot reach the engine at /)]);
    expect(found.checks.filter(({ text }) => text.includes("docker.sock"))).toHaveLength(1);
    expect(of(found, "residue")).toContain("unknown: not checked, because of engine");
    expect(of(found, "runtime")).toEqual(["unknown: not checked, because of engine"]);
    expect(of(found, "runs")).toEqual([expect.stringMatching(/^unknown: /)]);
    expect(of(found, "residue").filter((line) => line.startsWith("ok"))).toEqual([]);
    expect(found.checks.filter(({ state }) => state === "fail")).toHaveLength(1);
  });

  it("files that a reboot has taken", async () => {
    const [units, aside] = [join(world.memory, "units"), join(world.memory, "aside")];
    renameSync(units, aside);
    const found = await doctor();
    renameSync(aside, units);
    expect(found.code).toBe(1);
    expect(of(found, "files")).toEqual([
      expect.stringMatching(/^fail: web: 1 of 1 file missing in .*cannot start again$/),
    ]);
    expect(found.checks.find(({ name }) => name === "files")?.hint).toBe("unsprawl render docker:web");
  });

  it("an age key that is gone", async () => {
    const found = await doctor({ SOPS_AGE_KEY_FILE: join(world.dir, "age/none.txt") });
    expect(found.code).toBe(1);
    const gone = join(world.dir, "age/none.txt");
    expect(of(found, "key")).toEqual([`fail: ${gone} does not have the only key that opens 1 entry in local`]);
    expect(found.checks.find(({ name }) => name === "key")?.hint).toContain(`restore ${gone} from its backup`);
    expect(of(found, "rotation")).toEqual(["unknown: not checked, because of key"]);
    expect(existsSync(gone)).toBe(false);
  });

  it("a store file that is gone", async () => {
    const reference = engine.docker(
      "inspect",
      "--format",
      '{{index .Config.Labels "unsprawl.ref.DB_PASSWORD"}}',
      "web",
    );
    const store = reference.slice("ref+sops://".length, reference.indexOf("#"));
    renameSync(store, `${store}.aside`);
    const found = await doctor();
    renameSync(`${store}.aside`, store);
    expect(found.code).toBe(1);
    expect(of(found, "rotation")).toEqual([]);
    expect(of(found, "store")).toEqual([
      expect.stringMatching(/^fail: DB_PASSWORD is no longer in local at .*; web needs it at its next start$/),
    ]);
  });

  it("old containers that somebody removed", async () => {
    engine.docker("rm", "-f", `web-before-${run}`);
    expect(of(await doctor(), "runs")).toEqual([
      `warn: the old containers of run ${run} are gone: it cannot be rolled back`,
    ]);
  });

  it("an index that is damaged", async () => {
    rmSync(join(world.dir, "state/unsprawl/consumers.json"));
    expect(of(await doctor(), "files")).toEqual(["ok: 1 application of this host has its 1 file"]);
  });
});
