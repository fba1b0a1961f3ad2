import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyFixture, FIXTURES, type Fixture } from "../compose/fixtures.ts";
import { composeCli } from "../services/compose.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { makeWorld, type World } from "../support/world.ts";

const SLEEPER = "unsprawl-test/sleeper:1";
const UP = FIXTURES.map((name) => name).filter((name) => {
  const file = new URL(`../fixtures/compose/${name}/fixture.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { up: boolean }).up;
});

let engine: TestEngine;
let env: { readonly [name: string]: string };
const worlds: World[] = [];
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([startEngine(), composeCli()]);
  await makeImages(engine);
  env = freshWorld().env;
  engine.docker("create", "--name", "base", BUSYBOX, "true");
  // Whatever a project calls its image and gives it to run: it stays up, and ends at once when it is told to.
  const app = `["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"]`;
  engine.docker("commit", "--change", `ENTRYPOINT ${app}`, "--change", "USER 0", "base", SLEEPER);
  engine.docker("rm", "base");
});

afterAll(async () => {
  await engine?.stop();
  for (const world of worlds) world.remove();
});

type Project = { readonly dir: string; readonly files: readonly string[]; readonly name: string };

function compose({ dir, files, name }: Project, ...args: string[]): string {
  const argv = ["-p", name, "--project-directory", dir, ...files.flatMap((file) => ["-f", file]), ...args];
  return execFileSync(program, argv, {
    cwd: dir,
    env: { ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What Compose says that it would do, on whichever stream. */
function wouldDo({ dir, files, name }: Project): string {
  const argv = [
    "-p",
    name,
    "--project-directory",
    dir,
    ...files.flatMap((file) => ["-f", file]),
    "up",
    "-d",
    "--no-build",
    "--dry-run",
  ];
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd: dir, env: { ...env }, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout + stderr;
}

function bringUp(fixture: Fixture): Project {
  const project = { dir: fixture.dir, files: fixture.files, name: `t-${fixture.name}` };
  const { services } = JSON.parse(compose(project, "config", "--format", "json")) as {
    services: { [name: string]: { image: string } };
  };
  for (const { image } of Object.values(services)) engine.docker("tag", SLEEPER, image);
  compose(project, "up", "-d");
  return project;
}

const inspected = (project: Project): string => {
  const ids = engine
    .docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project.name}`)
    .split("\n")
    .filter(Boolean);
  return engine.docker("inspect", ...ids);
};

function bytes(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return new Map(
    files.map((one) => [join(one.parentPath, one.name), readFileSync(join(one.parentPath, one.name), "base64")]),
  );
}

const runOf = (stdout: string): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";
function freshWorld(): World {
  const world = makeWorld(engine.host);
  worlds.push(world);
  return world;
}

const migrate = (world: World, project: Project, ...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl([
    ...["migrate", `docker:${project.name}-*`, "--to", "local", "--grace", "100ms", "--yes"],
    ...["--accept", "elsewhere", ...more],
  ]);

/** What Compose makes anew each time, or cannot tell. */
const DRIFT = new Set(["grafana-loki-prom"]);

describe("a project that is up is moved through its own files, and brought back byte for byte", () => {
  test.each(UP)("%s", async (name) => {
    const fixture = copyFixture(name);
    const project = bringUp(fixture);
    const world = freshWorld();
    try {
      const before = bytes(fixture.dir);
      const was = inspected(project);
      const moved = await migrate(world, project, ...(DRIFT.has(name) ? ["--accept", "drift"] : []));
      expect(moved.stdout + moved.stderr).toContain("✓ migrated");
      const shown = inspected(project);
      const elsewhere = JSON.stringify(fixture.meta.other ?? []);
      for (const [token, value] of fixture.values) {
        const hits = (text: string): number => text.split(value).length - 1;
        if (elsewhere === "[]") expect(hits(shown), `${token} in inspect`).toBe(0);
        else expect(hits(shown)).toBeLessThanOrEqual(hits(was));
        expect(moved.stdout + moved.stderr).not.toContain(value);
      }
      // Compose itself agrees that there is nothing left to do.
      if (!DRIFT.has(name)) expect(wouldDo(project)).not.toMatch(/Recreate/);

      const back = await world.unsprawl(["rollback", runOf(moved.stdout)]);
      expect(back.code, back.stderr).toBe(0);
      expect(bytes(fixture.dir)).toEqual(before);
      expect(variablesOf(inspected(project))).toEqual(variablesOf(was));
    } finally {
      compose(project, "down", "-v", "-t", "1");
      fixture.remove();
    }
  });
});

/** Every service's variables, whichever container has them now. */
function variablesOf(json: string): unknown {
  const docs = JSON.parse(json) as { Name: string; Config: { Env: string[] } }[];
  return Object.fromEntries(docs.map(({ Name, Config }) => [Name, Config.Env.toSorted()]));
}
