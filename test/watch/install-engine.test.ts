import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { buildOwnImage } from "../services/own-image.ts";
import { becomeSwarm, leaveSwarm } from "../services/swarm.ts";
import { inDeepRun } from "../support/deep-run.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

const IMAGE = "unsprawl-test/unsprawl:1";
const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();

let engine: TestEngine;
let world: World;

beforeAll(async () => {
  // An engine of its own: it becomes a swarm's manager.
  engine = await startEngine();
  world = makeWorld(engine.host);
  await makeImages(engine);
  const made = await world.unsprawl(["watch", "install", "dockerfile", "-o", "."]);
  expect(made.code, made.stderr).toBe(0);
  await buildOwnImage(engine, join(world.dir, "Dockerfile"), IMAGE);
  leaky("one", `DB_PASSWORD=${DB_PASSWORD}`);
});

afterAll(async () => {
  await engine?.stop();
  world?.remove();
});

function leaky(name: string, variable: string): void {
  engine.docker("run", "-d", "--name", name, "-e", variable, BUSYBOX, "sleep", "100000");
}

async function installed(form: string, ...more: string[]): Promise<Ran> {
  const what = ["watch", "install", form, "--image", IMAGE, "--every", "1h", "--events", ...more];
  const made = await world.unsprawl(what);
  expect(made.code, made.stderr).toBe(0);
  return made;
}

/** Until the logs say so; fails with what they say instead. */
async function logged(logs: () => string, says: RegExp): Promise<string> {
  for (const until = Date.now() + 120_000; ; await sleep(200)) {
    const text = logs();
    if (says.test(text)) return text;
    if (Date.now() > until) throw new Error(`not in the logs: ${says}\n${text}`);
  }
}

/** What the image's health check says. */
function aliveIn(id: string): string {
  const [{ Config }] = JSON.parse(engine.docker("inspect", id)) as [{ Config: { Healthcheck: { Test: string[] } } }];
  return engine.docker("exec", id, ...Config.Healthcheck.Test.slice(1));
}

type Container = {
  readonly Config: { readonly User: string };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean; readonly CapDrop: string[]; readonly Privileged: boolean };
  readonly Mounts: { readonly Type: string; readonly Destination: string; readonly RW: boolean }[];
};

/** What a container that watches may do, and where it may write. */
function confined(id: string): void {
  const [{ Config, HostConfig, Mounts }] = JSON.parse(engine.docker("inspect", id)) as [Container];
  expect(Config.User).toBe(`65532:${statSync(engine.socket).gid}`);
  expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"], Privileged: false });
  expect(Mounts.filter(({ RW, Type }) => RW && Type !== "tmpfs").map(({ Destination }) => Destination)).toEqual([
    "/var/lib/unsprawl",
  ]);
}

describe("the image", () => {
  it("is nobody's, and unsprawl finds no secret in it", async () => {
    expect(engine.docker("inspect", "-f", "{{.Config.User}}", IMAGE)).toBe("65532:65532");
    expect(engine.docker("run", "--rm", IMAGE, "--version")).toMatch(/^\d+\.\d+\.\d+$/);
    const scanned = await world.unsprawl(["scan", `image:${IMAGE}`, "--min-confidence", "low", "--json"]);
    expect(JSON.parse(scanned.stdout)).toMatchObject({ findings: [] });
  });
});

describe("compose", () => {
  it("prints, then writes when it is told to, and does not write over what differs", async () => {
    const file = join(world.dir, "unsprawl-compose.yaml");
    const printed = await installed("compose");
    expect(printed.stdout).toContain(`# ${file}\n`);
    expect(printed.stderr).toContain("nothing was written: add --yes, or -o DIR");
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    const written = await installed("compose", "--yes");
    expect(written.stdout).toBe(printed.stdout);
    expect(written.stderr).toContain(`wrote ${file}`);
    expect((await installed("compose", "--yes")).stderr).toContain(`as it was: ${file}`);
    const differs = ["watch", "install", "compose", "--image", "other:1", "--yes"];
    expect((await world.unsprawl(differs)).code).toBe(1);
    expect((await world.unsprawl([...differs, "--json"])).stderr).toContain('"code":"conflict"');
  });

  it("watches this machine's engine, and tells each secret once", async () => {
    await installed("compose", "--yes");
    const program = await composeCli();
    const compose = (...args: string[]): string =>
      execFileSync(program, ["-f", join(world.dir, "unsprawl-compose.yaml"), ...args], {
        env: { ...world.env, COMPOSE_PROGRESS: "quiet" },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    compose("up", "-d");
    const logs = (): string => compose("logs", "--no-color");
    await logged(logs, /new.*DB_PASSWORD/);
    leaky("two", `API_TOKEN=${API_TOKEN}`);
    await logged(logs, /new.*API_TOKEN/);
    const id = compose("ps", "-q").trim();
    confined(id);
    expect(aliveIn(id)).toMatch(/^watch: alive/);
    // Another container with the state of the first: what that one knew is known, and its lock is in nobody's way.
    compose("kill");
    compose("up", "-d", "--force-recreate");
    const again = await logged(logs, /next scan/);
    expect(again).not.toMatch(/new.*DB_PASSWORD/);
    for (const value of [DB_PASSWORD, API_TOKEN]) expect(again).not.toContain(value);
    compose("down", "-v", "--timeout", "20");
  });
});

inDeepRun("swarm: a task on each node watches the engine of its node", async () => {
  await becomeSwarm(engine);
  const { stdout } = await installed("swarm", "--secret", "hook.key=hook.key", "--yes", "--json");
  const { next } = JSON.parse(stdout) as { next: string[] };
  expect(next[0]).toBe(`docker secret create hook.key ${world.dir}/hook.key`);
  execFileSync("docker", ["secret", "create", "hook.key", "-"], { env: world.env, input: API_TOKEN, stdio: "pipe" });
  const file = join(world.dir, "unsprawl-stack.yaml");
  engine.docker("stack", "deploy", "--resolve-image", "never", "-c", file, "unsprawl");
  const logs = (): string => engine.docker("service", "logs", "--raw", "unsprawl_watch");
  await logged(logs, /new.*DB_PASSWORD/).catch((error: unknown) => {
    const tasks = engine.docker("service", "ps", "--no-trunc", "unsprawl_watch");
    throw new Error(`${String(error)}\n${tasks}`);
  });
  const id = engine.docker("ps", "-q", "--filter", "label=com.docker.swarm.service.name=unsprawl_watch");
  confined(id);
  const read = 'console.log(fs.readFileSync("/run/secrets/hook.key").length)';
  expect(engine.docker("exec", id, "node", "-e", read)).toBe(String(Buffer.byteLength(API_TOKEN)));
  expect(engine.docker("inspect", "-f", "{{.Config.Hostname}}", id)).toBe(
    engine.docker("node", "inspect", "-f", "{{.Description.Hostname}}", "self"),
  );
  const mode = engine.docker("service", "inspect", "-f", "{{json .Spec.Mode}}", "unsprawl_watch");
  expect(JSON.parse(mode)).toEqual({ Global: {} });
  leaveSwarm(engine);
});
