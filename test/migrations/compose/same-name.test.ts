import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// Two projects of one name on one host, each with a store of its own in its folder; the host's index is lost.

let engine: WorkerEngine;
let world: World;
let program: string;
const values = { a: password(), b: password() };
type Project = keyof typeof values;

const dirOf = (name: Project): string => join(world.dir, name);
const fileOf = (name: Project): string => join(dirOf(name), "compose.yaml");
const render = (...names: readonly Project[]): Promise<Ran> =>
  world.unsprawl(["render", ...names.map((name) => `compose:${fileOf(name)}`)]);
const value = (): string => readFileSync(join(world.memory, "compose/shop/web/DB_PASSWORD"), "utf8");
const loseIndex = (): void => rmSync(join(world.dir, "state"), { recursive: true, force: true });

function compose(name: Project, env: World["env"], ...args: string[]): void {
  execFileSync(program, args, { cwd: dirOf(name), env, stdio: "pipe" });
}

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  const elsewhere = makeWorld(engine.host, { SOPS_AGE_KEY_FILE: world.env["SOPS_AGE_KEY_FILE"] ?? "" });
  // b was migrated on another machine; a is what runs here.
  for (const [name, on] of [
    ["b", elsewhere],
    ["a", world],
  ] as const) {
    mkdirSync(dirOf(name));
    const web = {
      ...{ image: BUSYBOX, network_mode: "none", restart: "always", stop_grace_period: "1s" },
      ...{ command: APP.map((word) => word.replaceAll("$", "$$$$")), environment: { DB_PASSWORD: values[name] } },
    };
    writeFileSync(fileOf(name), stringify({ name: "shop", services: { web } }));
    const stores = { own: { provider: "local", file: "secrets/{subject}.sops.yaml" } };
    writeFileSync(join(dirOf(name), "unsprawl.yaml"), stringify({ stores }));
    compose(name, on.env, "up", "-d");
    const how = ["--to", "own", "--grace", "100ms", "--yes", "--config", join(dirOf(name), "unsprawl.yaml")];
    const moved = await on.unsprawl(["migrate", "docker:shop-web-1", ...how]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    if (name === "b") compose(name, on.env, "down", "-t", "1");
  }
  elsewhere.remove();
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

it("the folder stays that of the project whose containers run, and the other is refused by name", async () => {
  expect(value()).toBe(values.a);
  loseIndex();
  for (const names of [["b"], ["b", "a"], ["a", "b"]] as const) {
    const refused = await render(...names);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(`shop-web-1 mounts ${join(world.memory, "compose/shop/web")}`);
    expect(refused.stderr).toContain(`is of the project in ${dirOf("a")}`);
    expect(refused.stderr).toContain("give one of the two projects another name");
    expect(value()).toBe(values.a);
  }
});

it("the agent and doctor say what gives a project the values of its own file again", async () => {
  loseIndex();
  const command = `unsprawl render compose:${fileOf("a")}`;
  const agent = await world.unsprawl(["agent", "--once"]);
  expect(agent.stdout + agent.stderr).toContain(`which no migration on this host gave it; next: ${command}, if it may`);
  const told = await world.unsprawl(["doctor"]);
  expect(told.stdout).toContain("compose:shop/web: the index of this host does not have it: after a reboot");
  expect(told.stdout).toContain(command);
  rmSync(join(world.memory, "compose"), { recursive: true });
  const missing = await world.unsprawl(["doctor"]);
  expect(missing.stdout).toContain("compose:shop/web: 1 of 1 file missing");
  expect(missing.stdout.split("\n").filter((line) => line.includes(command))).toHaveLength(1);

  expect(await render("a")).toMatchObject({ code: 0 });
  expect(value()).toBe(values.a);
  expect((await world.unsprawl(["doctor"])).stdout).not.toContain("compose:shop/web");
  // Known from now on, at boot too.
  rmSync(join(world.memory, "compose"), { recursive: true });
  expect(await world.unsprawl(["agent", "--once"])).toMatchObject({ code: 0 });
  expect(value()).toBe(values.a);
});

it("once its containers are gone, the index keeps them apart, until the project is gone too", async () => {
  expect(await render("a")).toMatchObject({ code: 0 });
  compose("a", world.env, "down", "-t", "1");
  const refused = await render("b");
  expect(refused.stderr).toContain(
    `DB_PASSWORD in ${join(world.memory, "compose/shop/web")} is that of ${fileOf("a")}`,
  );
  expect(value()).toBe(values.a);
  rmSync(dirOf("a"), { recursive: true });
  const rendered = await render("b");
  expect(rendered.code, rendered.stderr).toBe(0);
  expect(value()).toBe(values.b);
});
