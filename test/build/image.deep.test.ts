import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../src/model/version.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { random } from "../support/canary.ts";
import { artifact, NAME } from "./artifacts.ts";
import { documented } from "./documented.ts";
import { expectEnded } from "./root.ts";

// The container image, as a scan, as the agent and as the watch of an engine.

const IMAGE = `unsprawl:${VERSION}`;

let engine: TestEngine;
let value: string;

beforeAll(async () => {
  const archive = await artifact(`${NAME}-image.tar`);
  engine = await startEngine();
  await makeImages(engine);
  atEngine(documented("docker load --input unsprawl-0.1.0-linux-x64-image.tar"), { cwd: dirname(archive) });
  value = random(24);
  engine.docker("run", "-d", "--name", "leaky", "-e", `DB_PASSWORD=${value}`, BUSYBOX, ...APP);
}, 2_400_000);

afterAll(async () => {
  await engine?.stop();
});

/** Runs a line of the pages with the Docker CLI at this engine, whose socket is elsewhere. */
function atEngine(line: string, { cwd = "/", code = 0 } = {}): string {
  const here = line.replace(/(-v |%g )\/var\/run\/docker\.sock/g, `$1${engine.socket}`);
  const env = { PATH: process.env["PATH"], HOME: engine.dir, DOCKER_HOST: engine.host };
  return expectEnded(spawnSync("sh", ["-c", here], { cwd, env, encoding: "utf8" }), code);
}

const socket = (): string[] => ["-v", `${engine.socket}:/var/run/docker.sock`];
/** Nobody in particular, whose group may open the socket; nothing can be written but what is in memory. */
const confined = (): string[] => {
  const user = `65532:${statSync(engine.socket).gid}`;
  return ["--user", user, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
};

it("has the program and its libraries, no shell, and labels", () => {
  const [{ Config }] = JSON.parse(engine.docker("image", "inspect", IMAGE)) as [
    { readonly Config: { readonly Labels: object; readonly Healthcheck: object; readonly Entrypoint: string[] } },
  ];
  expect(Config.Entrypoint).toEqual(["/usr/bin/unsprawl"]);
  expect(Config.Healthcheck).toMatchObject({ Test: ["CMD", "/usr/bin/unsprawl", "doctor", "--alive"] });
  expect(Config.Labels).toMatchObject({
    "org.opencontainers.image.title": "unsprawl",
    "org.opencontainers.image.version": VERSION,
    "org.opencontainers.image.licenses": "Apache-2.0",
  });
  const made = engine.docker("create", IMAGE);
  const names = execFileSync("sh", ["-c", 'docker export "$1" | tar -t', "sh", made], {
    env: { PATH: process.env["PATH"], DOCKER_HOST: engine.host },
    encoding: "utf8",
  }).split("\n");
  engine.docker("rm", made);
  const programs = names.filter((name) => /^(?:usr\/)?s?bin\/./.test(name));
  expect(programs).toEqual(["usr/bin/unsprawl"]);
});

it.each([
  [
    "root, with the socket alone",
    documented("docker run --rm -v /var/run/docker.sock:/var/run/docker.sock unsprawl:0.1.0 scan"),
  ],
  [
    "a user whose group may open the socket, with a root that cannot be written",
    documented(
      "docker run --rm -v /var/run/docker.sock:/var/run/docker.sock --user 65532:$(stat -c %g /var/run/docker.sock) --read-only --tmpfs /tmp --cap-drop ALL unsprawl:0.1.0 scan",
    ),
  ],
])("scans the engine as %s", (_who, line) => {
  const text = atEngine(line, { code: 3 });
  expect(text).toContain("DB_PASSWORD");
  expect(text).not.toContain(value);
});

it("is what the services of Compose use", async () => {
  const program = await artifact(NAME);
  for (const line of [
    documented("unsprawl watch install compose --image unsprawl:0.1.0"),
    documented("unsprawl agent install compose --image unsprawl:0.1.0"),
  ]) {
    const env = { PATH: "/usr/bin:/bin", HOME: engine.dir, DOCKER_HOST: engine.host };
    const words = line.split(" ").slice(1);
    const text = expectEnded(spawnSync(program, words, { cwd: engine.dir, env, encoding: "utf8" }), 0);
    expect(text).toContain(`image: ${IMAGE}`);
  }
});

describe("its health check", () => {
  const often = ["--health-interval", "1s", "--health-retries", "2", "--health-start-period", "0s"];
  const health = (name: string): string => engine.docker("inspect", "--format", "{{.State.Health.Status}}", name);
  const becomes = (name: string, status: string): Promise<void> =>
    expect.poll(() => health(name), { interval: 1000 }).toBe(status);

  it("is healthy while the watch keeps up, and not once it is stuck", async () => {
    engine.docker(
      "run",
      "-d",
      "--name",
      "watch",
      ...often,
      ...socket(),
      ...confined(),
      IMAGE,
      "watch",
      "--every",
      "1h",
    );
    await becomes("watch", "healthy");
    const pid = Number(engine.docker("inspect", "--format", "{{.State.Pid}}", "watch"));
    process.kill(pid, "SIGSTOP");
    try {
      // As after a minute in which it did nothing.
      const long = new Date(Date.now() - 120_000);
      utimesSync(`/proc/${pid}/root/var/lib/unsprawl/unsprawl/pulse/watch`, long, long);
      await becomes("watch", "unhealthy");
      expect(engine.docker("inspect", "--format", "{{json .State.Health.Log}}", "watch")).toMatch(
        /watch: stuck, last seen 1\d\d s ago/,
      );
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await becomes("watch", "healthy");
    engine.docker("stop", "watch");
  }, 180_000);

  it("is healthy for the agent, and for a command that ends by itself", async () => {
    const memory = mkdtempSync("/dev/shm/unsprawl-image-");
    try {
      const mounts = ["-v", `${memory}:${memory}`, "-e", `UNSPRAWL_RUNTIME_DIR=${memory}`];
      engine.docker("run", "-d", "--name", "agent", ...often, ...socket(), ...mounts, "--read-only", IMAGE, "agent");
      await becomes("agent", "healthy");
      expect(engine.docker("exec", "agent", ...documented("unsprawl doctor --alive").split(" "))).toMatch(
        /^agent: alive/,
      );
      engine.docker("run", "-di", "--name", "reads", ...often, IMAGE, "classify");
      await becomes("reads", "healthy");
    } finally {
      for (const name of ["agent", "reads"]) engine.docker("rm", "--force", name);
      rmSync(memory, { recursive: true, force: true });
    }
  }, 180_000);
});
