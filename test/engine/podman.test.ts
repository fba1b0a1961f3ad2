import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { APP, importImage, staticBusybox, tools } from "../services/images.ts";
import { startPodman, type TestPodman } from "../services/podman.ts";
import { makeWorld, type World } from "../support/world.ts";
import { follow } from "../watch/follower.ts";

let podman: TestPodman;
let world: World;
const IMAGE = "localhost/busybox:1";
const [first, second, third] = [0, 1, 2].map(() => randomBytes(18).toString("base64url")) as [string, string, string];

beforeAll(async () => {
  podman = await startPodman();
  const busybox = await staticBusybox();
  importImage(podman, IMAGE, (root) => tools(root, busybox, ["sh", "cat", "sleep", "ls"]), ["ENV PATH=/bin"]);
  world = makeWorld(podman.host);
  world.plant({ first, second });
  const variables = ["-e", `DB_PASSWORD=${first}`, "-e", `API_TOKEN=${second}`];
  podman.docker("run", "-d", "--name", "web", "--network", "none", "--user", "1000", ...variables, IMAGE, ...APP);
});

afterAll(async () => {
  await podman?.stop();
  world?.remove();
});

const env = (): readonly string[] =>
  JSON.parse(podman.docker("inspect", "web", "--format", "{{json .Config.Env}}")) as string[];

function variable(name: string): string | undefined {
  const pid = podman.docker("inspect", "web", "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

describe("Podman as root", () => {
  it("moves one secret, then another, each proven in the application", async () => {
    for (const only of [["--only", "DB_PASSWORD"], []]) {
      const args = ["migrate", "docker:web", ...only, "--to", "local", "--grace", "1s", "--yes"];
      const { code, stdout, stderr } = await world.unsprawl(args);
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("engine's files clean")]);
    }
    expect(env().filter((one) => /PASSWORD|TOKEN/.test(one))).toEqual([]);
    podman.docker("restart", "web");
    expect([variable("DB_PASSWORD"), variable("API_TOKEN")]).toEqual([first, second]);
  });

  it("has the values nowhere in what it keeps of the container", () => {
    const id = podman.docker("inspect", "web", "--format", "{{.Id}}");
    const folder = join(podman.dir, "storage/overlay-containers", id, "userdata");
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => readFileSync(join(folder, name), "utf8"));
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => text.includes(first) || text.includes(second))).toEqual([]);
  });

  it("is put back, one run after the other", async () => {
    for (const left of [["API_TOKEN"], ["API_TOKEN", "DB_PASSWORD"]]) {
      const ran = await world.unsprawl(["runs", "--json"]);
      const { runs } = JSON.parse(ran.stdout) as { runs: { run: string; state: string }[] };
      const last = runs.findLast(({ state }) => state === "done")?.run ?? "";
      const { code, stdout, stderr } = await world.unsprawl(["rollback", last]);
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("as before")]);
      expect(
        env()
          .flatMap((one) => /^(\w*(?:PASSWORD|TOKEN))=/.exec(one)?.[1] ?? [])
          .toSorted(),
      ).toEqual(left);
    }
    expect([variable("DB_PASSWORD"), variable("API_TOKEN")]).toEqual([first, second]);
  });
});

describe("what Podman alone gives", () => {
  beforeAll(() => void podman.podman(["secret", "create", "db", "-"], third));

  const run = (name: string, ...flags: string[]): void => {
    const kept = ["run", "-d", "--name", name, "--stop-timeout", "1", "-e", `API_TOKEN=${second}`];
    podman.podman([...kept, ...flags, IMAGE, ...APP]);
  };
  const plan = async (name: string): Promise<string> => {
    const { code, stdout } = await world.unsprawl(["plan", `docker:${name}`, "--to", "local"]);
    expect(code).toBe(3);
    return stdout;
  };

  it.each([
    ["a secret in a variable", ["--secret", "db,type=env,target=DB_PASSWORD"], "--secret db"],
    ["a secret as a file", ["--secret", "db,type=mount"], "--secret db"],
    ["a umask", ["--umask", "0077"], "--umask"],
    ["the end of its time", ["--timeout", "900"], "--timeout"],
    ["a size of its log", ["--log-opt", "max-size=10mb"], "--log-opt max-size"],
  ])("is not lost by creating a container again: %s", async (_title, flags, lost) => {
    run("own", "--network", "none", ...flags);
    const before = podman.docker("inspect", "own", "--format", "{{.Id}}");
    expect(await plan("own")).toContain(
      `own has settings that Podman takes from its own commands only: ${lost}\n    next: unsprawl plan script:FILE`,
    );
    expect(podman.docker("inspect", "own", "--format", "{{.Id}}")).toBe(before);
    podman.docker("rm", "-f", "own");
  });

  it("neither is a pod, nor a unit", async () => {
    const infra = ["--infra-image", IMAGE, "--infra-command", "sleep 1000"];
    podman.podman(["pod", "create", "--name", "shop", "--network", "none", ...infra]);
    run("in-pod", "--pod", "shop");
    expect(await plan("in-pod")).toContain("its own commands only: --pod");
    podman.podman(["pod", "rm", "-f", "-t", "1", "shop"]);
    run("in-unit", "--network", "none", "--label", "PODMAN_SYSTEMD_UNIT=web.service");
    expect(await plan("in-unit")).toContain("its container belongs to web.service");
    podman.docker("rm", "-f", "in-unit");
  });

  it("and still holds a moved value is residue, until it is removed", async () => {
    const looked = async (): Promise<readonly string[]> => {
      const { stdout } = await world.unsprawl(["doctor", "--json"]);
      const { checks } = JSON.parse(stdout) as {
        checks: { name: string; state: string; text: string; hint: string }[];
      };
      return checks.flatMap(({ name, state, text, hint }) =>
        name === "residue" && state === "fail" ? `${text.replace(/^run \S+ /, "")} → ${hint}` : [],
      );
    };
    podman.docker("run", "-d", "--name", "api", "--network", "none", "-e", `DB_PASSWORD=${third}`, IMAGE, ...APP);
    const moving = ["migrate", "docker:api", "--to", "local", "--grace", "100ms", "--yes"];
    expect((await world.unsprawl(moving)).code).toBe(0);
    run("by-env", "--network", "none", "--secret", "db,type=env");
    run("by-file", "--network", "none", "--secret", "db,type=mount");
    const folder = (name: string): string =>
      join(podman.dir, "storage/overlay-containers", podman.docker("inspect", name, "--format", "{{.Id}}"), "userdata");
    const [byEnv, byFile] = [folder("by-env"), folder("by-file")];
    const driver = join(podman.dir, "storage/secrets/filedriver/secretsdata.json");
    expect(readFileSync(join(byEnv, "config.json"), "utf8")).toContain(third);
    expect((await looked()).toSorted()).toEqual(
      [
        `DB_PASSWORD in file ${byEnv}/config.json:1 → recreate by-env with type=mount instead of type=env in its --secret`,
        `DB_PASSWORD in file ${byFile}/secrets/db:1 → rotate DB_PASSWORD; the file goes with its container: podman rm by-file once it may go`,
        `DB_PASSWORD in secret db: ${driver} → podman secret rm db, once by-env, by-file can do without it`,
      ].toSorted(),
    );
    podman.docker("rm", "-f", "by-env", "by-file");
    expect(await looked()).toEqual([`DB_PASSWORD in secret db: ${driver} → podman secret rm db`]);
    podman.podman(["secret", "rm", "db"]);
    expect(await looked()).toEqual([]);
  });
});

it("watch hears of a container as Podman creates it, and of the next", { timeout: 120_000 }, async () => {
  const watching = follow(world, ["docker:heard*", "--every", "1h", "--events"]);
  await watching.until((told) => told.some(({ type }) => type === "scan"));
  for (const name of ["heard", "heard-too"]) {
    const how = ["--network", "none", "-e", `DB_PASSWORD=${third}`];
    podman.docker("run", "-d", "--name", name, ...how, IMAGE, ...APP);
    await watching.until(() => watching.changes().includes(`new DB_PASSWORD ${name}`));
  }
  expect(await watching.stop()).toBe(0);
  expect(JSON.stringify(watching.told) + watching.stderr).not.toContain(third);
});
