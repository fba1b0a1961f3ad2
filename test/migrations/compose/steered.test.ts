import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { givenFiles } from "../../../migrations/compose/syntax/given.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";
import { filesOf } from "../../support/formats.ts";
import { password } from "../files-world.ts";

// A project's `.env` says which files Compose reads, what the project is called, and which profiles are on.

let engine: WorkerEngine;
let world: World;
let program: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

type Files = { readonly [name: string]: string };

function put(name: string, files: Files): string {
  const dir = join(world.dir, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

const compose = (dir: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();

const service = (environment: object, more: object = { network_mode: "none" }): object => ({
  ...{ image: BUSYBOX, command: APP.map((word) => word.replaceAll("$", "$$$$")), environment },
  ...more,
});

const migrate = (what: string): Promise<Ran> =>
  world.unsprawl(["migrate", `compose:${what}`, "--to", "local", "--grace", "100ms", "--yes"]);

/** Brings a project up, moves all of it, and takes that back: the files are as before, to the byte. */
async function thereAndBack(
  dir: string,
  containers: readonly string[],
  secrets: readonly string[],
  code = 0,
  look: () => void = () => undefined,
): Promise<Ran> {
  const before = filesOf(dir);
  compose(dir, "up", "-d");
  const moved = await migrate(dir);
  expect(moved.code, moved.stdout + moved.stderr).toBe(code);
  const inspected = engine.docker("inspect", ...containers);
  for (const secret of secrets) {
    expect(inspected).not.toContain(secret);
    expect(Object.values(filesOf(dir)).flat().join("\n")).not.toContain(secret);
  }
  look();
  // What a person would type there changes nothing.
  expect(compose(dir, "config", "--hash", "*").split("\n").filter(Boolean)).toHaveLength(containers.length);
  for (const name of containers)
    expect(engine.docker("inspect", "-f", "{{.State.Running}}", name), moved.stdout).toBe("true");
  const [, run = ""] = /unsprawl rollback (\S+)/.exec(moved.stdout) ?? [];
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(filesOf(dir)).toEqual(before);
  engine.docker("rm", "-f", ...containers);
  return moved;
}

describe("a whole project moves as `docker compose` in its folder has it", () => {
  it("files, name and separator of .env, an override that is not beside, and a port that the engine chooses", async () => {
    const secrets = { DB: password(), API: password(), SMTP: password(), JWT: password() };
    // Its last line is not indented more than its key, which Compose reads.
    const jwt = `'{\n  "type": "HS256",\n  "key": "${secrets.JWT}"\n}'`;
    const dir = put("both", {
      ".env": `COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=docker-compose.yml;prod.yml\nCOMPOSE_PROJECT_NAME=shopx\nDB_PW=${secrets.DB}\n`,
      "docker-compose.yml": stringify({ services: { web: service({ DB_PASSWORD: "${DB_PW}" }, { ports: [3000] }) } }),
      "prod.yml": stringify({
        services: {
          web: { environment: { API_TOKEN: secrets.API } },
          job: service({ SMTP_PASSWORD: secrets.SMTP, HASURA_GRAPHQL_JWT_SECRET: "jwt" }),
        },
      }).replace("SECRET: jwt", `SECRET: ${jwt}`),
    });
    const { stdout } = await thereAndBack(dir, ["shopx-web-1", "shopx-job-1"], Object.values(secrets));
    expect(stdout).toContain(
      "the host port of 3000/tcp is chosen by the engine and will change, as at every docker compose up",
    );
    expect(stdout).toContain("HASURA_GRAPHQL_JWT_SECRET");
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "web gets DB_PASSWORD through prod.yml now: with docker-compose.yml alone, it starts without",
    );
  });

  it("what an override adds stays there, what the file before it has stays in that one, which alone works as before", async () => {
    const [WEB, OWN, OTHER] = [password(), password(), password()];
    const secrets = { WEB, OWN, OTHER, DEV: password(), SHARED: password(), HIDER: password() };
    const example = password();
    const dir = put("layers", {
      "compose.yaml": stringify({
        services: {
          web: service({ WEB_PASSWORD: secrets.WEB, OTHER_PASSWORD: secrets.OTHER }),
          db: { image: FILE_ENV, network_mode: "none", environment: { DB_PASSWORD: example } },
        },
      }),
      "compose.override.yaml": stringify({
        services: {
          web: { labels: { stage: "dev" }, command: ["sh", "-c", "sleep 1000"], stop_grace_period: "0s" },
          db: { environment: { DB_PASSWORD: secrets.DEV } },
          dev: service({ OWN_PASSWORD: secrets.OWN }),
          // What hides a line of the env file that another service takes its value from.
          reader: service({}, { env_file: ["all.env"], network_mode: "none" }),
          hider: service({ SHARED_PASSWORD: secrets.HIDER }, { env_file: ["all.env"], network_mode: "none" }),
        },
      }),
      "all.env": `SHARED_PASSWORD=${secrets.SHARED}\n`,
    });
    // As the engine makes it where a service mounts a file that is not there: Compose passes over it.
    mkdirSync(join(dir, ".env"));
    const containers = ["web", "db", "dev", "reader", "hider"].map((name) => `layers-${name}-1`);
    const { stdout, stderr } = await thereAndBack(dir, containers, Object.values(secrets), 0, () => {
      const alone = JSON.parse(compose(dir, "-f", "compose.yaml", "config", "--format", "json")) as {
        readonly services: {
          readonly [name: string]: { secrets?: readonly { target: string }[]; environment?: object };
        };
      };
      expect(alone.services["web"]?.secrets?.map(({ target }) => target).toSorted()).toEqual([
        "/run/unsprawl/secrets/OTHER_PASSWORD",
        "/run/unsprawl/secrets/WEB_PASSWORD",
      ]);
      expect(alone.services["db"]).toMatchObject({ environment: { DB_PASSWORD: example } });
      expect(readFileSync(join(dir, "compose.override.yaml"), "utf8")).toContain('DB_PASSWORD: ""');
    });
    expect(stdout).not.toContain("it starts without");
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /compose\.yaml keeps another value of DB_PASSWORD \(line \d+\), which has no effect here/,
    );
    expect(stdout).not.toContain("of SHARED_PASSWORD");
    expect(stderr).toContain("2 of 2 received");
  });

  it("a file in another folder, whose .env counts after the one above; a second secret moves later", async () => {
    const secrets = { ONE: password(), TWO: password() };
    const dir = put("outer", {
      ".env": `COMPOSE_FILE=docker/c.yml\nAPP=Outer\nONE=${secrets.ONE}\n`,
      "docker/.env": `ONE=other\nTWO=${secrets.TWO}\n`,
      "docker/c.yml": stringify({
        name: "${APP}-x",
        services: { web: service({ ONE_PASSWORD: "${ONE}", TWO_PASSWORD: "${TWO}" }) },
      }),
    });
    const before = filesOf(dir);
    compose(dir, "up", "-d");
    const runs: string[] = [];
    // A container's labels do not say where Compose was called: the .env above that names its very files does.
    for (const [only, what] of [
      ["ONE_PASSWORD", "docker:outer-x-web-1"],
      ["TWO_PASSWORD", `compose:${dir}`],
    ] as const) {
      const args = ["migrate", what, "--to", "local", "--grace", "100ms", "--yes", "--only", only];
      const moved = await world.unsprawl(args);
      expect(moved.stdout + moved.stderr).toContain("✓ migrated");
      runs.unshift(/unsprawl rollback (\S+)/.exec(moved.stdout)?.[1] ?? "");
    }
    expect(readFileSync(join(dir, ".env"), "utf8")).toBe("COMPOSE_FILE=docker/c.yml\nAPP=Outer\n");
    const inspected = engine.docker("inspect", "outer-x-web-1");
    for (const secret of Object.values(secrets)) {
      expect(inspected).not.toContain(secret);
      expect(Object.values(filesOf(dir)).flat().join("\n")).not.toContain(secret);
    }
    expect(engine.docker("inspect", "-f", "{{.State.Running}}", "outer-x-web-1")).toBe("true");
    for (const run of runs) {
      const back = await world.unsprawl(["rollback", run]);
      expect(back.code, back.stdout + back.stderr).toBe(0);
    }
    expect(filesOf(dir)).toEqual(before);
  });

  it("profiles that are off: one that excludes another moves too, one that Compose refuses is named", async () => {
    const secrets = [password(), password()] as const;
    const profile = (name: string): object => ({ profiles: [name], container_name: "llm", network_mode: "none" });
    const text = stringify({
      services: {
        cpu: service({ LLM_PASSWORD: secrets[0] }, profile("cpu")),
        gpu: service({ LLM_PASSWORD: secrets[1] }, profile("gpu")),
        tool: service({ TOOL_PASSWORD: password() }, { profiles: ["tools"], env_file: "none.env" }),
      },
    });
    const dir = put("profiles", { ".env": "COMPOSE_PROFILES=cpu\n", "compose.yaml": text });
    const { stdout } = await thereAndBack(dir, ["llm"], secrets, 3);
    expect(stdout).toContain("tool TOOL_PASSWORD: tool is in the profile tools, with which Compose refuses the files");
    expect(stdout).toContain(`next: cd ${dir} && docker compose --profile tools config --quiet shows why`);
  });
});

it("the same files, name and values as Compose has them, wherever it is called", async () => {
  const web = (environment: object): string => stringify({ services: { web: { image: "x", environment } } });
  const dir = put("same", {
    "a/.env": "COMPOSE_FILE=deploy/one.yml:two.yml\nA=1\nCOMPOSE_ENV_FILES=none.env\n",
    "a/deploy/.env": "A=2\nB=2\n",
    "a/deploy/one.yml": web({ A: "$A", B: "$B", N: "$COMPOSE_PROJECT_NAME" }),
    "a/two.yml": `name: "\${B}-Two"\n${web({ C: "c" })}`,
    "b/compose.yml": web({ FROM: "compose.yml" }),
    "b/docker-compose.yml": web({ FROM: "docker-compose.yml" }),
    "b/docker-compose.override.yaml": web({ OVER: "no" }),
    "b/docker-compose.override.yml": web({ OVER: "yes" }),
    "b/below/.env": "X=1\n",
    "C.d/docker-compose.yaml": web({ FROM: "yaml" }),
    "C.d/docker-compose.yml": web({ FROM: "yml" }),
    "d/.env": "COMPOSE_PROJECT_NAME=given\n",
    "d/compose.yaml": `name: own\n${web({ N: "$COMPOSE_PROJECT_NAME" })}`,
  });
  for (const [folder, env] of [
    ["a", {}],
    ["a", { COMPOSE_FILE: "two.yml" }],
    ["b", {}],
    ["b/below", {}],
    ["C.d", {}],
    ["d", {}],
    ["d", { COMPOSE_PROJECT_NAME: "shell" }],
    ["d", { COMPOSE_DISABLE_ENV_FILE: "1" }],
  ] as const) {
    const at = join(dir, folder);
    const all = { PATH: process.env["PATH"], ...env };
    const said = execFileSync(program, ["config", "--format", "json"], { cwd: at, env: all, stdio: "pipe" });
    const theirs = JSON.parse(said.toString()) as { name: string; services: { web: { environment: object } } };
    const ours = await loadProject({ ...(await givenFiles("", at, all)), dir: null, name: null, env: all });
    const { variables } = await import("../../../migrations/compose/syntax/environment.ts");
    const found = [...variables(ours.services.get("web")!)].map(([name, places]) => [name, places.at(-1)?.value]);
    expect([ours.name, Object.fromEntries(found)], folder).toEqual([theirs.name, theirs.services.web.environment]);
  }
});
