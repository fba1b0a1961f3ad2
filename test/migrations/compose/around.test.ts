import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { filledAround, readAround } from "../../../migrations/compose/syntax/around.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { filesOf } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// Many people keep one env file for all projects of a machine: none of them may lose a line because another one moves.

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

function put(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const compose = (dir: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: ["ignore", "pipe", "pipe"] }).toString();

it("a line that another project around takes is known by env_file, by a link and by --env-file, and by nothing else", async () => {
  const top = join(world.dir, "known");
  const shared = put(join(top, "shared.env"), "TOKEN=x\n");
  const file = put(join(top, "own", "compose.yaml"), "services: { a: { image: x, env_file: ../shared.env } }\n");
  const others: readonly (readonly [dir: string, text: string, reads: boolean, fills: boolean])[] = [
    ["list", 'services:\n  a: { image: x, env_file: ["./x.env", "../shared.env"] }\n', true, false],
    ["long", "services:\n  a:\n    image: x\n    env_file:\n      - path: ../shared.env\n", true, false],
    ["below/deep", `services:\n  a: { image: x, env_file: ${shared} }\n`, true, false],
    ["another", "services:\n  a: { image: x, env_file: ./shared.env }\n", false, false],
    ["mentions", "services:\n  a: { image: x, volumes: ['../shared.env:/x'] }\n", false, false],
    ["fills", "services:\n  a: { image: x, environment: ['T=${TOKEN:-}'] }\n", false, true],
    ["plain", "services:\n  a: { image: x, command: run $TOKEN }\n", false, true],
    ["escaped", "services:\n  a: { image: x, command: run $$TOKEN $TOKENS }\n", false, false],
    ["no-project", "a: { env_file: ../shared.env, b: $TOKEN }\n", false, false],
    ["one/two/three", "services:\n  a: { image: x, env_file: ../../../shared.env, command: $TOKEN }\n", false, false],
    [".hidden", "services:\n  a: { image: x, env_file: ../shared.env, command: $TOKEN }\n", false, false],
  ];
  const load = (envFiles: readonly string[]) =>
    loadProject({ files: [file], dir: null, name: "p", envFiles, env: { PATH: "/bin" } });
  expect(readAround(await load([]), shared)).toBeNull();
  for (const [dir, text, reads, fills] of others) {
    const other = put(join(top, dir, "docker-compose.yml"), text);
    const [plain, given] = [await load([]), await load([shared])];
    expect([dir, readAround(plain, shared)]).toEqual([dir, reads ? other : null]);
    expect([dir, filledAround(plain, shared, "TOKEN")]).toEqual([dir, null]);
    expect([dir, filledAround(given, shared, "TOKEN")]).toEqual([dir, fills ? { by: other, isGiven: true } : null]);
    const link = join(dirname(other), ".env");
    symlinkSync(shared, link);
    const linked = filledAround(await load([]), shared, "TOKEN");
    expect([dir, linked]).toEqual([dir, fills ? { by: other, isGiven: false } : null]);
    writeFileSync(other, "");
  }
  expect(filledAround(await load([shared]), shared, "TOKEN(")).toBeNull();
  // Its own line counts before the file that the first one was given.
  put(join(top, "sets", "compose.yml"), "services:\n  a: { image: x, environment: { T: $TOKEN } }\n");
  put(join(top, "sets", ".env"), "TOKEN=own\n");
  expect(filledAround(await load([shared]), shared, "TOKEN")).toBeNull();
});

it("one of two projects that share env files is moved: the other one has what it had, and a rollback gives all back", async () => {
  const top = join(world.dir, "sharing");
  const [token, key, outer] = [password(), password(), password()];
  put(join(top, "common.env"), `API_TOKEN=${token}\nLEVEL=one\n`);
  put(join(top, ".env"), `DB_KEY=${key}\n`);
  put(join(top, "given.env"), `OUTER_SECRET=${outer}\n`);
  const command = APP.map((word) => word.replaceAll("$", "$$$$"));
  const service = (more: object): object => ({
    services: { app: { image: BUSYBOX, network_mode: "none", command, ...more } },
  });
  for (const name of ["one", "two"]) {
    const more = { env_file: ["../common.env"], environment: { DB_KEY: "${DB_KEY}" } };
    put(join(top, name, "compose.yaml"), stringify(service(more)));
    symlinkSync("../.env", join(top, name, ".env"));
  }
  for (const name of ["three", "four"])
    put(join(top, name, "compose.yaml"), stringify(service({ environment: { OUTER_SECRET: "${OUTER_SECRET}" } })));
  const given = ["--env-file", "../given.env"];
  for (const name of ["one", "two"]) compose(join(top, name), "up", "-d");
  for (const name of ["three", "four"]) compose(join(top, name), ...given, "up", "-d");
  const theirs = (): readonly string[] => [
    compose(join(top, "two"), "config"),
    compose(join(top, "four"), ...given, "config"),
  ];
  const before = { files: filesOf(top), theirs: theirs() };

  for (const [source, values, notes, elsewhere] of [
    [
      `compose:${join(top, "one")}`,
      [token, key],
      [
        "API_TOKEN stays in common.env, which the services of two/compose.yaml read too: unsprawl plan compose:two/compose.yaml --to STORE moves it there",
        "DB_KEY stays in one/.env, which fills in two/compose.yaml too: unsprawl plan compose:two/compose.yaml --to STORE moves it there",
      ],
      ["is set in one/.env, which fills in two/compose.yaml too; unsprawl plan compose:two/compose.yaml --to STORE"],
    ],
    [
      "docker:three-app-1",
      [outer],
      [
        "OUTER_SECRET stays in given.env, which fills in four/compose.yaml too: COMPOSE_ENV_FILES=given.env unsprawl plan compose:four/compose.yaml --to STORE moves it there",
      ],
      [],
    ],
  ] as const) {
    const planned = await world.unsprawl(["plan", source, "--to", "local", "--json"]);
    const { warnings, notMoved } = JSON.parse(planned.stdout) as Plan;
    expect(notMoved).toEqual([]);
    const texts = warnings.map(({ text }) => text.replaceAll(`${top}/`, ""));
    expect(texts).toEqual(expect.arrayContaining([...notes]));
    const moved = await world.unsprawl(["migrate", source, "--to", "local", "--yes", "--grace", "100ms"]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    const container = source === "docker:three-app-1" ? "three-app-1" : "one-app-1";
    for (const value of values) {
      expect(engine.docker("inspect", container)).not.toContain(value);
      expect(engine.docker("exec", container, "cat", "/proc/1/environ")).toContain(`=${value}`);
    }
    expect(theirs()).toEqual(before.theirs);
    const again = await world.unsprawl(["plan", source, "--to", "local", "--json"]);
    const left = (JSON.parse(again.stdout) as Plan).notMoved.map(({ reason, hint, elsewhere }) => ({
      text: `${reason}; ${hint ?? ""}`.replaceAll(`${top}/`, ""),
      elsewhere,
    }));
    expect(left).toEqual(elsewhere.map((text) => ({ text, elsewhere: true })));
    const back = await world.unsprawl(["rollback", /unsprawl rollback (\S+)/.exec(moved.stdout)?.[1] ?? ""]);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(filesOf(top)).toEqual(before.files);
  }
  // The file that no other project takes loses its line, and the plan says where it is.
  put(join(top, "two", "compose.yaml"), stringify(service({})));
  const alone = await world.unsprawl(["plan", `compose:${join(top, "one")}`, "--to", "local", "--json"]);
  const texts = (JSON.parse(alone.stdout) as Plan).warnings.map(({ text }) => text.replaceAll(`${top}/`, ""));
  expect(texts).toEqual(
    expect.arrayContaining([
      "API_TOKEN leaves common.env, outside the project's folder: another project that reads it loses that",
      "DB_KEY leaves one/.env, outside the project's folder: another project that reads it loses that",
    ]),
  );
  expect(readFileSync(join(top, "common.env"), "utf8")).toContain(token);
  for (const name of ["one", "three"]) compose(join(top, name), "down", "-t", "0");
  compose(join(top, "two"), "down", "-t", "0");
  compose(join(top, "four"), ...given, "down", "-t", "0");
});
