import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { installProgram } from "../services/installed.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { expectServed } from "../support/served.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";
import { emptyMemory } from "./stage.ts";

// Several stores of the same kind: SOPS files of a host in several places, each opened by its own key.

let engine: WorkerEngine;
let world: World;

const GRACE = ["--grace", "100ms"];
const APPS = [
  { name: "two", store: "shared", variables: ["API_TOKEN"] },
  { name: "three", store: "apart", variables: ["API_TOKEN"] },
  { name: "both", store: "team", variables: ["API_TOKEN", "DB_PASSWORD"] },
] as const;
const values = new Map<string, string>();
const STORES = {
  team: { provider: "local", file: "team/{subject}.sops.yaml" },
  shared: { provider: "local", file: "shared.sops.yaml" },
  apart: { provider: "local", file: "apart/{subject}.sops.json", ageKeyFile: "apart.key" },
};

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
  world.env["UNSPRAWL_AGENT_HOME"] = join(world.dir, "agent");
  writeFileSync(join(world.dir, "unsprawl.yaml"), JSON.stringify({ stores: STORES }));
  for (const { name, store, variables } of APPS) {
    const env = variables.flatMap((variable) => {
      const value = random(24);
      values.set(`${name} ${variable}`, value);
      world.plant({ [`${name} ${variable}`]: value });
      return ["-e", `${variable}=${value}`];
    });
    engine.docker("run", "-d", "--name", name, "--stop-timeout", "1", ...env, BUSYBOX, ...APP);
    await migrate(name, store, "API_TOKEN");
  }
  // A container with values of two stores.
  await migrate("both", "shared", "DB_PASSWORD");
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

async function migrate(name: string, store: string, only: string): Promise<void> {
  const args = ["migrate", `docker:${name}`, "--to", store, "--deliver", "shim", "--only", only, ...GRACE, "--yes"];
  const { code, stdout, stderr } = await world.unsprawl(args);
  expect(code, stderr + stdout).toBe(0);
}

/** A new value in the file of a store, as its owner writes it. */
async function change(name: string, variable: string, store: keyof typeof STORES): Promise<void> {
  const { provider, ...config } = STORES[store];
  const opened = await openSpec({ provider, config, env: world.env, dir: world.dir });
  const key = opened.key({ subject: name, project: "", name: variable });
  const there = await opened.get(key);
  const value = random(24);
  values.set(`${name} ${variable}`, value);
  world.plant({ [`${name}, later ${variable}`]: value });
  await opened.put(key, Secret.of(value), there?.version ?? "", { runId: "20261125-000000-test", subject: name });
}

async function everyoneHas(): Promise<void> {
  for (const { name, variables } of APPS)
    await expectServed(
      engine.docker,
      name,
      Object.fromEntries(variables.map((one) => [one, values.get(`${name} ${one}`) ?? ""])),
    );
}

/** Whose files were written; of a container that was kept for rollback too, under the same name. */
const written = (stdout: string): string[] =>
  [...new Set([...stdout.matchAll(/^container:(\w+): wrote /gm)].map(([, name = ""]) => name))].sort();

const pass = (): Promise<Ran> => world.unsprawl(["agent", "--once", ...GRACE]);

it("after a reboot the files of all stores come back", async () => {
  emptyMemory(world);
  const { code, stdout, stderr } = await world.unsprawl(["agent", "--once", "--boot-timeout", "20s"]);
  expect(code, stderr + stdout).toBe(0);
  expect(stdout).toContain("container:both: wrote API_TOKEN, DB_PASSWORD");
  expect(written(stdout)).toEqual(["both", "three", "two"]);
  engine.docker("restart", "-t", "1", ...APPS.map(({ name }) => name));
  await everyoneHas();
});

it("a value that changes in one store is handed to its own container alone", async () => {
  expect((await pass()).code).toBe(0);
  // In the network of one: it follows a restart, or it would stay in the one that is gone.
  engine.docker("run", "-d", "--name", "inside", "--stop-timeout", "1", "--network", "container:two", BUSYBOX, ...APP);
  for (const changes of [
    [
      ["two", "API_TOKEN", "shared"],
      ["three", "API_TOKEN", "apart"],
    ],
    [["both", "DB_PASSWORD", "shared"]],
  ] as const) {
    for (const [name, variable, store] of changes) await change(name, variable, store);
    const { code, stdout, stderr } = await pass();
    expect(code, stderr + stdout).toBe(0);
    const restarted = [...stdout.matchAll(/^(.*): restarted/gm)].map(
      ([, what = ""]) => what.split(/[\s:]+/).at(-1) ?? "",
    );
    const others = changes.length > 1 ? ["inside"] : [];
    expect(restarted.sort()).toEqual([...changes.map(([name]) => name), ...others].sort());
    expect(engine.docker("exec", "inside", "cat", "/proc/net/dev")).toContain("eth0");
    await everyoneHas();
  }
  engine.docker("rm", "-f", "inside");
});

it("a store whose key is gone keeps no other store's containers from their values", async () => {
  const file = join(world.dir, "broken.yaml");
  mkdirSync(join(world.dir, "empty"));
  const stores = Object.fromEntries(
    Object.entries(STORES).map(([name, one]) => [name, { ...one, file: join(world.dir, one.file) }]),
  );
  writeFileSync(
    file,
    JSON.stringify({ stores: { ...stores, apart: { ...stores.apart, ageKeyFile: "empty/none.key" } } }),
  );
  emptyMemory(world);
  const { code, stdout } = await world.unsprawl(["agent", "--once", "--boot-timeout", "2s", "--config", file]);
  expect(code).toBe(5);
  for (const name of ["both", "two"]) expect(stdout).toContain(`container:${name}: wrote API_TOKEN`);
  expect(stdout).not.toContain("container:three: wrote");
  expect((await pass()).code).toBe(0);
});

it("its own credentials open the files of every store, without the owner's keys", async () => {
  const units = join(world.dir, "units");
  mkdirSync(units);
  const made = await world.unsprawl(["agent", "install", "systemd", "--yes", "-o", units], {
    program: installProgram(),
  });
  expect(made.code, made.stderr).toBe(0);
  expect(readdirSync(join(world.dir, "agent")).sort()).toEqual(["apart", "shared", "stores.json", "team"]);
  emptyMemory(world);
  const env = { SOPS_AGE_KEY_FILE: join(world.dir, "empty/none.key") };
  const { code, stdout, stderr } = await world.unsprawl(["agent", "--once", ...GRACE], { env });
  expect(code, stderr + stdout).toBe(0);
  expect(written(stdout)).toEqual(["both", "three", "two"]);
  engine.docker("restart", "-t", "1", ...APPS.map(({ name }) => name));
  await everyoneHas();
});
