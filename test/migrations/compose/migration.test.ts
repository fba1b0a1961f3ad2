import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyFixture, FIXTURES, type Fixture } from "./fixtures.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { DEEP, sample } from "../../support/deep.ts";
import { makeWorld, type World } from "../../support/world.ts";

const SLEEPER = "unsprawl-test/sleeper:1";
/** Nothing of theirs can be moved: told as such by the test of the rewriting. */
const NOTHING = new Set(["ac-flask-mysql-migrated", "dotenv-precedence", "multi-document"]);

/** What can be brought up: health checks would need the real programs. */
const ALL = FIXTURES.filter((name) => {
  const folder = new URL(`../../fixtures/compose/${name}/`, import.meta.url);
  const { up, files } = JSON.parse(readFileSync(new URL("fixture.json", folder), "utf8")) as {
    up: boolean;
    files: string[];
  };
  const checked = files.some((file) => readFileSync(new URL(file, folder), "utf8").includes("healthcheck"));
  return up && !checked && !NOTHING.has(name);
});
/**
 * One of each way in which projects are written: in one file, and in several. The rewriting of each form is tested without
 * an engine, so one and two are drawn here, as each takes some seconds; a deep run has every project.
 */
const ONE_FILE = ["compose-json", "crlf-folded", "grafana-loki-prom", "vaultwarden-argon"];
const SEVERAL = [
  ...["extends-common-dir", "include-monorepo", "off-mariadb-mixed-file", "off-matomo-dbenv", "override-reset"],
];
const SAMPLE = [...ONE_FILE, ...SEVERAL];
const UP = DEEP ? ALL : [...sample(ONE_FILE, 1), ...sample(SEVERAL, 2)];

test("every project of the sample can be brought up", () => expect(ALL).toEqual(expect.arrayContaining(SAMPLE)));

let engine: WorkerEngine;
let env: { readonly [name: string]: string };
const worlds: World[] = [];
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  env = freshWorld().env;
  engine.docker("create", "--name", "base", BUSYBOX, "true");
  // Whatever a project calls its image and gives it to run: it stays up, and ends at once when it is told to.
  const app = `["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"]`;
  engine.docker("commit", "--change", `ENTRYPOINT ${app}`, "--change", "USER 0", "base", SLEEPER);
  engine.docker("rm", "base");
});

afterAll(async () => {
  await engine?.clean();
  for (const world of worlds) world.remove();
});

type Project = { readonly dir: string; readonly files: readonly string[]; readonly name: string };

const run = promisify(execFile);

/** Runs Compose; both streams, since it tells what it does on stderr. */
async function compose({ dir, files, name }: Project, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const argv = ["-p", name, "--project-directory", dir, ...files.flatMap((file) => ["-f", file]), ...args];
  return run(program, argv, { cwd: dir, env: { ...env } });
}

/** What Compose says that it would do. */
async function wouldDo(project: Project): Promise<string> {
  const { stdout, stderr } = await compose(project, "up", "-d", "--no-build", "--dry-run");
  return stdout + stderr;
}

async function bringUp(fixture: Fixture): Promise<Project> {
  const project = { dir: fixture.dir, files: fixture.files, name: `t-${fixture.name}` };
  const { services, networks } = JSON.parse((await compose(project, "config", "--format", "json")).stdout) as {
    services: { [name: string]: { image: string } };
    networks: { [name: string]: { name: string; external?: boolean } };
  };
  for (const { image } of Object.values(services)) engine.docker("tag", SLEEPER, image);
  for (const { name, external } of Object.values(networks))
    if (external === true) engine.docker("network", "create", name);
  await compose(project, "up", "-d");
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

function freshWorld(): World {
  const world = makeWorld(engine.host);
  worlds.push(world);
  return world;
}

/** What Compose makes anew each time, or cannot tell. */
const DRIFT = new Set(["grafana-loki-prom"]);
/** Values that detection does not take for secrets: in backticks, or inside a program's own configuration text. */
const UNSEEN: { readonly [fixture: string]: readonly string[] } = {
  "crlf-folded": ["QUOTED"],
  forgejo: ["MAILER"],
  "gitlab-omnibus": ["GITLAB_ROOT"],
};
/** The variable that another file sets to another value, by its container: it stays, empty, so that it does not come back. */
const SHADOWING: { readonly [fixture: string]: string } = {
  "include-monorepo": "mail-1 SMTP_PASSWORD",
};

describe.concurrent("a project that is up is moved through its own files, and brought back byte for byte", () => {
  test.each(UP)("%s", async (name) => {
    const fixture = copyFixture(name);
    const project = await bringUp(fixture);
    const world = freshWorld();
    try {
      const before = bytes(fixture.dir);
      const was = inspected(project);
      const planned = await world.unsprawl([
        ...["plan", `docker:${project.name}-*`, "--to", "local", "--grace", "100ms", "--json", "-o", "plan.json"],
        ...["--accept", "elsewhere", "--accept", "ports", ...(DRIFT.has(name) ? ["--accept", "drift"] : [])],
      ]);
      const plan = JSON.parse(planned.stdout) as Plan;
      const moves = plan.steps.flatMap((step) => (step.kind === "put" ? [step.move] : []));
      expect(moves.length, planned.stdout + planned.stderr).toBeGreaterThan(0);
      const moved = await world.unsprawl(["apply", "plan.json"]);
      expect(moved.code, moved.stdout + moved.stderr).toBe(0);
      const shown = variablesOf(inspected(project));
      for (const { name: variable, location } of moves) {
        const isShadowing = SHADOWING[name] === `${location.subjectName.slice(project.name.length + 1)} ${variable}`;
        expect(shown[location.subjectName]?.find((entry) => entry.startsWith(`${variable}=`))).toBe(
          isShadowing ? `${variable}=` : undefined,
        );
      }
      for (const [token, value] of fixture.values) {
        expect(planned.stdout + planned.stderr + moved.stdout + moved.stderr).not.toContain(value);
        // Gone from inspect altogether, unless a place that is not moved has it too: which the plan says, or a person would.
        const stays =
          plan.notMoved.length > 0 || (fixture.meta.other ?? []).length > 0 || UNSEEN[name]?.includes(token);
        if (!stays) expect(inspected(project).includes(value), `${token} in inspect`).toBe(false);
      }
      // Compose itself agrees that there is nothing left to do.
      if (!DRIFT.has(name)) expect(await wouldDo(project)).not.toMatch(/Recreate/);

      const back = await world.unsprawl(["rollback", plan.id]);
      expect(back.code, back.stderr).toBe(0);
      expect(bytes(fixture.dir)).toEqual(before);
      expect(variablesOf(inspected(project))).toEqual(variablesOf(was));
    } finally {
      await compose(project, "down", "-v", "-t", "1");
      fixture.remove();
    }
  });
});

/** Every service's variables, whichever container has them now. */
function variablesOf(json: string): { readonly [container: string]: readonly string[] } {
  const docs = JSON.parse(json) as { Name: string; Config: { Env: string[] } }[];
  return Object.fromEntries(docs.map(({ Name, Config }) => [Name.replace(/^\//, ""), Config.Env.toSorted()]));
}
