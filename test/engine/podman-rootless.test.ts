import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { personsWorld } from "../services/engines.ts";
import { APP, importImage, staticBusybox, tools } from "../services/images.ts";
import { startPodman, type TestPodman } from "../services/podman.ts";
import { sample } from "../support/deep.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

const IMAGE = "localhost/busybox:1";
const [first, second, changed] = [0, 1, 2].map(() => randomBytes(18).toString("base64url")) as [string, string, string];
let podman: TestPodman;
let world: World;

beforeAll(async () => {
  podman = await startPodman({ rootless: true });
  const busybox = await staticBusybox();
  importImage(podman, IMAGE, (root) => tools(root, busybox, ["sh", "cat", "sleep", "ls"]), ["ENV PATH=/bin"]);
  world = personsWorld(podman.host);
  world.plant({ first, second, changed });
}, 120_000);

afterAll(async () => {
  await podman?.stop();
  world?.remove();
});

const run = (name: string, ...flags: string[]): void => {
  const values = ["-e", `DB_PASSWORD=${first}`, "-e", `API_TOKEN=${second}`];
  podman.docker(
    "run",
    "-d",
    "--name",
    name,
    "--network",
    "none",
    "--stop-timeout",
    "1",
    ...flags,
    ...values,
    IMAGE,
    ...APP,
  );
};

async function unsprawl(...args: string[]): Promise<Ran> {
  const ran = await world.unsprawl(args);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return ran;
}

const env = (name: string): readonly string[] =>
  (JSON.parse(podman.docker("inspect", name, "--format", "{{json .Config.Env}}")) as string[]).filter((one) =>
    /PASSWORD|TOKEN/.test(one),
  );

function variables(name: string): { readonly [name: string]: string } {
  const pid = podman.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8")
    .split("\0")
    .map((one) => one.split("=") as [string, string]);
  return Object.fromEntries(all.filter(([one]) => /PASSWORD|TOKEN/.test(one)));
}

const migrate = (name: string, ...more: string[]): Promise<Ran> =>
  unsprawl("migrate", `docker:${name}`, "--to", "local", "--grace", "1s", "--yes", ...more);

const USERS = [
  ["root of the container", "web", "0"],
  ["another user of it", "api", "1000"],
] as const;

describe.each(sample(USERS, 1))("Podman without root, for %s", (_title, name, user) => {
  it("moves one secret, then another, each proven in the application", async () => {
    run(name, "--user", user, "--ulimit", "nofile=100:200");
    const limits = podman.docker("inspect", name, "--format", "{{json .HostConfig.Ulimits}}");
    expect(limits).toContain('"Hard":200');
    for (const only of [["--only", "DB_PASSWORD"], []])
      expect((await migrate(name, ...only)).stderr).toContain("inspect clean, engine's files clean");
    expect(env(name)).toEqual([]);
    // Each id of the container may read them, nobody else of the host can get there.
    const units = join(world.memory, "units");
    const folders = [units, ...readdirSync(units).map((one) => join(units, one))];
    expect(folders.length).toBeGreaterThan(1);
    expect(folders.filter((one) => (statSync(one).mode & 0o077) !== 0)).toEqual([]);
    expect((await world.unsprawl(["doctor", "--no-residue"])).stdout).not.toMatch(/plugin install|runtime install/);
    expect(podman.docker("inspect", name, "--format", "{{json .HostConfig.Ulimits}}")).toBe(limits);
    podman.docker("restart", name);
    expect(variables(name)).toEqual({ DB_PASSWORD: first, API_TOKEN: second });
  });

  it("is served again after its files are gone", async () => {
    podman.docker("stop", name);
    rmSync(join(world.memory, "units"), { recursive: true });
    await unsprawl("agent", "--once");
    podman.docker("start", name);
    expect(variables(name)).toEqual({ DB_PASSWORD: first, API_TOKEN: second });
  });

  it("is put back, and scrubbed", async () => {
    for (const left of [1, 2]) {
      const { stdout } = await unsprawl("runs", "--json");
      const { runs } = JSON.parse(stdout) as { runs: { run: string; state: string }[] };
      const { stdout: said } = await unsprawl("rollback", runs.findLast(({ state }) => state === "done")?.run ?? "");
      expect(said).toContain("as before");
      expect(env(name)).toHaveLength(left);
    }
    expect(variables(name)).toEqual({ DB_PASSWORD: first, API_TOKEN: second });
    await migrate(name);
    expect((await unsprawl("scrub", "last", "--accept", "key-backup")).stdout).toContain("nothing else shows them");
    expect(
      podman
        .docker("ps", "-a", "--format", "{{.Names}}")
        .split("\n")
        .filter((one) => one.startsWith(name)),
    ).toEqual([name]);
    expect(variables(name)).toEqual({ DB_PASSWORD: first, API_TOKEN: second });
    podman.docker("rm", "-f", name);
  });
});

it.each([
  [["plugin", "install", "--to", "local", "--yes"], "Podman has no managed plugins"],
  [["runtime", "install", "--to", "local", "--yes"], "Podman has no daemon.json"],
])("%j is refused with what helps here", async (words, why) => {
  const { code, stderr } = await world.unsprawl(words);
  expect(code).toBe(1);
  expect(stderr).toContain(why);
  expect(stderr).toContain("next: unsprawl plan docker: --to STORE");
});

it("root is sent to its user: root's files are nobody's in its containers", async () => {
  run("web");
  const roots = makeWorld(podman.host);
  const { code, stdout } = await roots.unsprawl(["plan", "docker:web", "--to", "local"]);
  roots.remove();
  expect(code).toBe(3);
  expect(stdout).toContain("nothing can be moved from here: this Podman is the one of another user");
  expect(stdout).not.toMatch(/sudo|plugin install|runtime install/);
});
