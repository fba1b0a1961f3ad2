import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { APP, importImage, staticBusybox, tools } from "../services/images.ts";
import { startPodman, type TestPodman } from "../services/podman.ts";
import { makeWorld, type World } from "../support/world.ts";

let podman: TestPodman;
let world: World;
const IMAGE = "localhost/busybox:1";
const [first, second] = [randomBytes(18).toString("base64url"), randomBytes(18).toString("base64url")];

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
