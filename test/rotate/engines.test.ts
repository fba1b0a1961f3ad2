import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";

// One secret that runs from one state folder have moved on two engines.

let here: WorkerEngine;
let there: TestEngine;
let bao: OpenBao;
let world: World;
let current = randomBytes(32).toString("hex");

beforeAll(async () => {
  [here, there, bao] = await Promise.all([workerEngine(), startEngine(), startOpenBao()]);
  await makeImages(there);
  world = makeWorld(here.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ current });
  for (const [engine, name] of [[here, "web"] as const, [there, "api"] as const]) {
    const variables = ["-e", `SESSION_SECRET=${current}`, "--network", "host", "--stop-timeout", "1"];
    engine.docker("run", "-d", "--name", name, ...variables, BUSYBOX, ...APP);
    const args = ["migrate", `docker:${name}`, "--to", "vault", "--grace", "100ms", "--yes"];
    const moved = await world.unsprawl(args, { env: { DOCKER_HOST: engine.host } });
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  }
});

afterAll(async () => {
  await Promise.all([here?.clean(), there?.stop(), bao?.stop()]);
  world?.remove();
});

function secretIn({ docker }: Pick<TestEngine, "docker">, name: string): string | undefined {
  const all = readFileSync(`/proc/${docker("inspect", name, "--format", "{{.State.Pid}}")}/environ`, "utf8").split(
    "\0",
  );
  return all.find((one) => one.startsWith("SESSION_SECRET="))?.slice("SESSION_SECRET=".length);
}

const everywhere = (): (string | undefined)[] => [secretIn(here, "web"), secretIn(there, "api")];

async function stored(name: string): Promise<string> {
  const { data } = (await bao.api("GET", `secret/data/apps/${name}`)) as {
    data: { data: { readonly SESSION_SECRET: string } };
  };
  return data.data.SESSION_SECRET;
}

describe("a secret that containers of another engine have, too", () => {
  it("is not rotated while one there has it in its configuration", async () => {
    there.docker("run", "-d", "--name", "plain", "-e", `SESSION_SECRET=${current}`, BUSYBOX, ...APP);
    const { code, stdout } = await world.unsprawl(["rotate", "--dry-run"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`plain on ${there.host} has it in its configuration`)]);
    expect(stdout.replace(/\s+/g, " ")).toContain(`DOCKER_HOST=${there.host} unsprawl migrate docker:plain`);
    there.docker("rm", "-f", "plain");
  });

  it("is given to those, too, and taken back from them", async () => {
    const old = current;
    const { code, stdout, stderr } = await world.unsprawl(["rotate", "--grace", "100ms", "--yes"]);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain(`api on ${there.host}`);
    current = await stored("web");
    world.plant({ rotated: current });
    expect([current === old, await stored("api"), ...everywhere()]).toEqual([false, current, current, current]);
    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stderr).toBe(0);
    current = await stored("web");
    expect([current, ...everywhere()]).toEqual([old, old, old]);
  });

  it("is not rotated while that engine does not answer, unless it is said to be gone", async () => {
    await there.kill();
    const refused = await world.unsprawl(["rotate", "--dry-run"]);
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringContaining(`api on ${there.host} has it too, and would be locked out`),
    ]);
    const accepted = await world.unsprawl(["rotate", "--dry-run", "--accept", "other-engine"]);
    expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringMatching(/restarts\s+web\n/)]);
    expect(secretIn(here, "web")).toBe(current);
  });
});
